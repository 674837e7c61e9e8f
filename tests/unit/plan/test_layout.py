"""Layout: what is computed once, on which axis, through which view (T4, T6, M8)."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.algebra import STOCK, col, count, mean, median, total
from crmcore.calendars import Calendar, day_of
from crmcore.errors import ArgumentError
from crmcore.metric import Metric
from crmcore.plan.frames import Frame, frame_of
from crmcore.plan.layout import Anchors, Shares, lay_out
from crmcore.plan.requests import leaves_of, requests_of

WON, DECIDED = col("outcome") == "won", col("outcome").isin(["won", "lost"])
CALENDAR = Calendar()
UNBOUNDED = [Frame(None, None, None)]
TODAY = day_of(date(2024, 6, 15))
MONTHS = [frame_of(p, TODAY, "month") for p in CALENDAR.periods(day_of(date(2024, 4, 1)), TODAY, "month")]


def formula(built, **more):
    """Return a formula with table and anchor."""
    return Metric("m", built, anchor="closed_at", **more).formula


def laid_out(*built, frames=MONTHS, where=None, recorded=True, **more):
    """Return the layout of formulas."""
    anchors = Anchors(lambda *_: recorded, lambda *_: None)
    return lay_out([formula(b, **more) for b in built], frames, (), where, CALENDAR, TODAY, anchors=anchors)


def test_equal_aggregates_are_asked_for_once() -> None:
    """Three formulas over four counts and a total share two counts, one total and one count of amounts."""
    layout = laid_out(count(WON) / count(DECIDED), count(WON), mean("amount", where=WON), frames=UNBOUNDED)

    assert len(layout.grids) == 1
    assert [r.op for r in layout.requests] == ["count", "count", "total", "count"]


def test_the_order_of_conditions_makes_no_other_request() -> None:
    """a & b and b & a are one request; a condition that the question repeats is not asked twice."""
    a, b = col("region") == "EMEA", col("amount") > 5
    layout = laid_out(count(a & b), count(b & a), count(b), frames=UNBOUNDED, where=a)

    assert len(layout.requests) == 1


def test_sharing_is_by_structure_not_by_value() -> None:
    """1, 1.0 and True are three different constants, so these are three requests."""
    layout = laid_out(*(count(col("flag") == value) for value in (1, 1.0, True)), frames=UNBOUNDED)

    assert len(layout.requests) == 3


def test_windows_and_periods_cut_one_axis() -> None:
    """Months, the month before and 30 trailing days: the edges of all of them, once each, make the buckets."""
    layout = laid_out(count(WON), count(WON).previous("month"), count(WON).trailing(30))
    days = [date(2024, m, d) for m, d in ((3, 1), (4, 1), (5, 1), (6, 1))]
    # 30 days before 1 May, 1 June and 16 June (the day after as_of); the part of May that is compared with June's
    days += [date(2024, 4, 1), date(2024, 5, 2), date(2024, 5, 17), date(2024, 6, 16), date(2024, 5, 16)]

    assert len(layout.grids) == 1
    assert layout.grids[0].edges == tuple(sorted({day_of(d) for d in days}))
    assert len(layout.requests) == 1


def test_each_frame_is_a_run_of_buckets() -> None:
    """Without windows, month after month is one bucket each; the running month ends with as_of for what is recorded."""
    layout = laid_out(count(WON))
    place = layout.places[0]

    assert place.single
    assert place.low.tolist() == [1, 2, 3]
    assert place.high.tolist() == [2, 3, 4]
    assert layout.grids[0].edges[-1] == TODAY + 1
    coming = laid_out(count(WON), recorded=False)
    assert coming.grids[0].edges[-1] == day_of(date(2024, 7, 1))


def test_stocks_look_from_the_end_of_each_month() -> None:
    """T4: April and May are looked at from their last days, the running June from as_of itself."""
    layout = laid_out(count(WON, at=STOCK))

    assert layout.views == (None, day_of(date(2024, 4, 30)), day_of(date(2024, 5, 31)))
    assert [layout.grids[n.grid].view for n in layout.places[0].needs] == [1, 2, 0]
    assert layout.places[0].apart


def test_targets_are_looked_at_as_they_belong_to_the_period() -> None:
    """M8: each month has a view in which targets are shared out; the sum reads the share, the condition the target."""
    target = total("amount", table="target", at="start", where=col("amount") > 100)
    layout = laid_out(target)

    assert {type(v) for v in layout.views} == {type(None), Shares}
    assert [(v.low, v.high) for v in layout.views[1:]] == [(f.start, f.stop) for f in MONTHS]
    sums = [r for r in layout.requests if r.op == "total"]
    assert {repr(r.expr) for r in sums} == {"amount in the period"}
    assert {repr(w) for r in sums for w in r.where} == {"amount > 100"}


def test_in_a_window_conditions_on_the_anchor_do_not_count() -> None:
    """T6: `closed_at >= June` says what is shown; the 30 trailing days keep their own, other conditions stay."""
    where = (col("closed_at") >= date(2024, 6, 1)) & (col("region") == "EMEA")
    layout = laid_out(count(WON).trailing(30), where=where)
    need = layout.places[0].needs[0]

    assert {repr(w) for w in layout.requests[need.value].where} == {repr(WON), "region == 'EMEA'"}
    assert "closed_at" in repr(layout.requests[need.own].where)


def test_a_number_without_an_anchor_has_no_period() -> None:
    """T4: the error names the aggregate and says what to give."""
    with pytest.raises(
        ArgumentError, match=r"count\(.*'won'\) on table 'opportunity' has no date column to count at.*anchor="
    ):
        lay_out(
            [Metric("m", count(WON)).formula], MONTHS, (), None, CALENDAR, TODAY,
            anchors=Anchors(lambda *_: True, lambda *_: None),
        )  # fmt: skip


def test_values_need_their_count_beside_them() -> None:
    """A median asks for the rows that take part, those with an amount, and the amounts."""
    median_ = formula(median("amount", where=WON))

    requests = requests_of(median_, 0, col("region") == "EMEA")

    assert [r.op for r in requests] == ["count", "count", "values"]
    assert [len(r.where) for r in requests] == [2, 3, 3]
    assert requests_of(formula(total("amount")), 0, None)[-1].where == ()


def test_a_formula_names_each_leaf_once() -> None:
    """won / (won + lost) has two leaves; under another window the same aggregate is another leaf."""
    rate = count(WON) / (count(WON) + count(col("outcome") == "lost"))

    assert len(leaves_of(formula(rate))) == 2
    assert len(leaves_of(formula(rate.trailing(7) - rate))) == 4
