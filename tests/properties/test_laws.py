"""Laws that numbers obey whatever the data: order, splitting, layout in memory, widths, windows, filters, units.

What is expected is computed by a plain loop over the records, or is the same question asked another way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isnan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra.aggregates import Aggregate
from crmcore.algebra.formulas import Ratio, Window
from crmcore.calendars import Calendar, date_of, day_of
from crmcore.engines import arrays, cells
from crmcore.errors import UnitError
from crmcore.table import table
from crmcore.testing import mean_interval, wilson
from crmcore.testing.strategies import cases, datasets

relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)

START = date(2024, 1, 1)
WON, DECIDED = cc.col("outcome") == "won", cc.col("outcome").isin(["won", "lost"])


CENTS = st.integers(-(10**6), 10**9)


@st.composite
def deals(draw, size=40, amounts=CENTS):
    """Return closed deals of three owners over about a year, amounts in cents, some of them blank."""
    count = draw(st.integers(0, size))
    return [
        {
            "id": f"d{i}",
            "outcome": draw(st.sampled_from(("won", "lost", "abandoned"))),
            "owner": draw(st.sampled_from(("Anna", "Bo", "王芳", None))),
            "account": draw(st.sampled_from(("A", "B", "C", None))),
            "created_at": START,
            "closed_at": START + timedelta(days=draw(st.integers(0, 400))),
            "amount": draw(st.none() | amounts.map(lambda cents: Decimal(cents).scaleb(-2))),
        }
        for i in range(count)
    ]


METRICS = [
    cc.Metric("won", cc.count(WON), unit="count", anchor="closed_at"),
    cc.Metric("value", cc.total("amount", where=WON), unit="money", anchor="closed_at"),
    cc.Metric("rate", cc.count(WON) / cc.count(DECIDED), unit="ratio", anchor="closed_at"),
    cc.Metric("mean", cc.mean("amount"), unit="money", anchor="closed_at"),
    cc.Metric("p90", cc.quantile("amount", "0.9"), unit="money", anchor="closed_at"),
    cc.Metric("accounts", cc.distinct("account"), unit="count", anchor="closed_at"),
    cc.Metric("top", cc.top_share(cc.each("account", cc.count()), "0.3"), unit="ratio", anchor="closed_at"),
]


def measured(rows, **question):
    """Return rows and total of all metrics."""
    result = cc.measure(METRICS, cc.Dataset(opportunity=rows), **question)
    return result.rows(), result.total


# -- order and parts -----------------------------------------------------------------------------------


@relaxed
@given(cases(currencies=None), st.randoms(use_true_random=False))
def test_the_order_of_records_decides_nothing(answer, case, random) -> None:
    """Permuted tables give the same rows, totals, details and exclusions, to the last bit."""
    import attrs

    shuffled = {name: random.sample(rows, len(rows)) for name, rows in case.records.items()}
    one, other = answer(case).to_dict(), answer(attrs.evolve(case, records=shuffled)).to_dict()

    for part in ("rows", "details", "total", "excluded", "n"):
        assert one[part] == other[part]


@relaxed
@given(deals(), st.sampled_from(("owner", "account", None)), st.sampled_from(("week", "month", "quarter", None)))
def test_counts_and_sums_of_groups_add_up_to_the_total(rows, by, per) -> None:
    """R1: what is counted and added over groups and periods is the total, exactly; a rate or a mean is not."""
    question = {"by": by or (), "per": per, "as_of": START + timedelta(days=500)}
    found, total = measured(rows, **question)

    assert sum(row["won"] for row in found) == total["won"] == sum(r["outcome"] == "won" for r in rows)
    exact = sum((r["amount"] or 0 for r in rows if r["outcome"] == "won"), Decimal(0))
    assert total["value"] == float(exact)
    assert sum(Fraction(row["value"]).limit_denominator(100) for row in found) == Fraction(exact)


@relaxed
@given(deals(), st.data())
def test_rows_outside_the_filter_change_nothing(rows, data) -> None:
    """T6: more rows that the condition does not keep, more exclusions perhaps, but not another number."""
    copied = data.draw(st.lists(st.sampled_from(rows), max_size=20)) if rows else []
    more = [{**r, "id": f"x{i}", "owner": "Nobody"} for i, r in enumerate(copied)]
    question = {"where": cc.col("owner") != "Nobody", "by": "owner", "as_of": START + timedelta(days=500)}

    assert measured(rows, **question) == measured([*rows, *more], **question)


@relaxed
@given(deals())
def test_a_group_alone_is_what_it_is_among_others(rows) -> None:
    """Filtering to one owner gives the numbers that the owner has in the split by owner."""
    question = {"as_of": START + timedelta(days=500)}
    together, _ = measured(rows, by="owner", **question)

    for row in together:
        owner = row["owner"]
        chosen = cc.col("owner").is_null() if owner is None else cc.col("owner") == owner
        alone, _ = measured(rows, where=chosen, **question)
        assert alone == [{k: v for k, v in row.items() if k != "owner"}]


@relaxed
@given(cases(currencies=None))
def test_the_records_behind_a_number_are_as_many_as_its_n(answer, case) -> None:
    """R3: of counts and sums n ids; of a quotient of counts as many as numerator and denominator say, under windows too."""
    result = answer(case)
    for metric in case.metrics:
        core = metric.formula
        while isinstance(core, Window):
            core = core.term
        sides = (core.numerator, core.denominator) if isinstance(core, Ratio) else (core,)
        if not all(isinstance(side, Aggregate) and not side.rolls_up for side in sides):
            continue
        measured = result[metric.name]
        for i, row in enumerate(result.rows()):
            found = result.records(metric.name, **{key: row[key] for key in result.axes})
            if len(sides) == 1 and core.op not in ("distinct", "top_share", "gini"):
                assert len(found["rows"]) == measured.n[i]
            elif len(sides) == 2 and {side.op for side in sides} == {"count"}:
                assert len(found["numerator"]) == measured.numerator[i]
                assert len(found["denominator"]) == measured.denominator[i]


@relaxed
@given(deals(), st.sampled_from((None, "quarter")), st.sampled_from((0.5, 0.95, 0.999)))
def test_intervals_are_those_of_the_reference(rows, per, confidence) -> None:
    """R3: Wilson for rates, from exact sums for means, also in trailing windows, where the rows are those of the window."""
    asked = [METRICS[2], METRICS[3], METRICS[2].trailing(45), METRICS[3].trailing(45)]
    as_of = START + timedelta(days=420)
    result = cc.measure(asked, cc.Dataset(opportunity=rows), by="owner", per=per, as_of=as_of, interval=confidence)
    calendar = Calendar()
    for i, row in enumerate(result.rows()):
        stop = day_of(as_of) + 1
        if per is not None:
            shown = next(p for p in calendar.periods(day_of(START), day_of(as_of), per) if p.label == row["period"])
            stop = min(shown.stop, stop)
        low = None if per is None else shown.start
        for metric, first in zip(asked, (low, low, stop - 45, stop - 45), strict=True):
            inside = [
                r
                for r in rows
                if r["owner"] == row["owner"] and (first is None or first <= day_of(r["closed_at"]) < stop)
            ]
            found = result[metric.name]
            if metric.unit == "ratio":
                decided = [r for r in inside if r["outcome"] in ("won", "lost")]
                expected = wilson(sum(r["outcome"] == "won" for r in decided), len(decided), confidence)
            else:
                amounts = [Fraction(r["amount"]) for r in inside if r["amount"] is not None]
                expected = mean_interval(len(amounts), sum(amounts), sum(a * a for a in amounts), confidence)
            if expected is None:
                assert isnan(found.low[i])
                assert isnan(found.high[i])
            else:
                assert (found.low[i], found.high[i]) == pytest.approx(expected, rel=1e-9, abs=1e-6)


# -- the same numbers however they are laid out ---------------------------------------------------------


@relaxed
@given(deals(size=30), st.sampled_from(("month", None)), st.sampled_from((("owner",), ("owner", "account"), ())))
def test_layout_in_memory_changes_no_number(rows, per, by) -> None:
    """Clustered by outcome or not, cells listed or dense, long chunks or short: the same rows, total and records."""
    question = {"by": by, "per": per, "as_of": START + timedelta(days=500)}
    plain = measured(rows, **question)

    for place, name, value in (
        (table, "CLUSTER_FROM", 1),
        (cells, "_all_kept", lambda *_: False),
        (cells, "_all_kept", lambda *_: True),
        (arrays, "CHUNK", 5),
        (arrays, "COMPLEMENT_ABOVE", 0.0),
        (arrays, "SORT_ASIDE", 0),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, name, value)
            assert measured(rows, **question) == plain, name


def test_clustering_keeps_the_numbers_of_rows(monkeypatch) -> None:
    """Rows that are ordered anew keep the numbers they had in the input, and so do the records behind a number."""
    rows = [{"outcome": "won" if i % 3 else "lost", "closed_at": START, "amount": i} for i in range(20)]
    plain = cc.measure("win_rate", cc.Dataset(opportunity=rows))
    monkeypatch.setattr(table, "CLUSTER_FROM", 1)
    data = cc.Dataset(opportunity=rows)
    clustered = cc.measure("win_rate", data)

    assert data["opportunity"].clustered == "outcome"
    assert sorted(s.stop - s.start for s in data["opportunity"].segments) == [7, 13]
    assert {k: sorted(v) for k, v in clustered.records("win_rate").items() if k != "left out"} == {
        "numerator": [i + 1 for i in range(20) if i % 3],
        "denominator": list(range(1, 21)),
    }
    assert clustered.total == plain.total


# -- width ---------------------------------------------------------------------------------------------


@relaxed
@given(deals(amounts=st.integers(9 * 10**17, 10**18 - 1) | st.integers(-(10**18) + 1, -9 * 10**17)))
def test_sums_beyond_64_bits_are_exact(rows) -> None:
    """Q3: amounts near 10^16 with cents, whose sums leave 64 bits: sum, mean and median as Python's integers give them."""
    found, total = measured(rows, by="owner", as_of=START + timedelta(days=500))
    sums: dict[str | None, list[Fraction]] = defaultdict(list)
    for r in rows:
        if r["amount"] is not None:
            sums[r["owner"]].append(Fraction(r["amount"]))

    for row in found:
        own = sums[row["owner"]]
        assert row["mean"] == (float(sum(own) / len(own)) if own else None)
    everything = [x for own in sums.values() for x in own]
    assert total["mean"] == (float(sum(everything) / len(everything)) if everything else None)


def test_a_sum_beyond_64_bits_by_hand() -> None:
    """Q3: thirty amounts of 9,999,999,999,999,999.99 are 299,999,999,999,999,999.70: more than 2^63 cents of them."""
    rows = [
        {"id": i, "outcome": "won", "closed_at": START, "amount": Decimal("9999999999999999.99")} for i in range(30)
    ]
    assert 30 * 999_999_999_999_999_999 > 2**63

    total = cc.measure(["won_value", "mean_won_deal"], cc.Dataset(opportunity=rows)).total

    assert total == {"won_value": 299_999_999_999_999_999.70, "mean_won_deal": 9_999_999_999_999_999.99}


# -- windows -------------------------------------------------------------------------------------------


def brute(rows, low, high):
    """Return won value and win rate of the days [low, high), by a plain loop."""
    inside = [r for r in rows if low <= day_of(r["closed_at"]) < high]
    won = [r for r in inside if r["outcome"] == "won"]
    decided = [r for r in inside if r["outcome"] in ("won", "lost")]
    value = float(sum((r["amount"] or 0 for r in won), Decimal(0)))
    return value, len(won) / len(decided) if decided else None


@relaxed
@given(
    deals(),
    st.sampled_from(("month", "quarter", "week")),
    st.integers(1, 120),
    st.integers(0, 420),
)
def test_windows_are_what_a_loop_over_days_gives(rows, per, n, ago) -> None:
    """T5, T6: trailing, to-date and previous-year windows of sums and of rates, against a loop over the records."""
    as_of = START + timedelta(days=430 - ago)
    today = day_of(as_of)
    known = [r for r in rows if day_of(r["closed_at"]) <= today]
    calendar = Calendar()
    value, rate = METRICS[1], METRICS[2]
    asked = [value.trailing(n), rate.trailing(n), value.to_date("year"), rate.trailing(2, "month"), value.year_ago()]
    result = cc.measure(asked, cc.Dataset(opportunity=rows), per=per, as_of=as_of)

    for row in result.rows():
        shown = next(p for p in calendar.periods(day_of(START), today, per) if p.label == row["period"])
        stop = min(shown.stop, today + 1)
        last = calendar.period(stop - 1, "year")
        months = calendar.period(stop - 1, "month")
        before = calendar.shift_period(months.start, months.stop, "month", -1)[0]
        assert row[asked[0].name] == brute(known, stop - n, stop)[0]
        assert row[asked[1].name] == brute(known, stop - n, stop)[1]
        assert row[asked[2].name] == brute(known, last.start, stop)[0]
        assert row[asked[3].name] == brute(known, before, stop)[1]
        if per != "week" and not shown.start <= today < shown.stop:
            first, after = date_of(shown.start), date_of(shown.stop)
            year_ago = day_of(first.replace(year=first.year - 1)), day_of(after.replace(year=after.year - 1))
            assert row[asked[4].name] == brute(known, *year_ago)[0]


@relaxed
@given(datasets(tables=["opportunity"], size=20), st.integers(0, 150))
def test_stocks_at_month_ends_are_the_view_of_each_end(records, ago) -> None:
    """T4, O8: open deals with `per` are what as_of at each month's end gives, and are never added over months."""
    as_of = date(2024, 4, 10) - timedelta(days=ago)
    data = cc.Dataset(**records)
    by_month = cc.measure("open_deals", data, per="month", as_of=as_of).rows()

    for row in by_month:
        year, month = map(int, row["period"].split("-"))
        end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        assert row["open_deals"] == cc.measure("open_deals", data, as_of=min(end, as_of)).total["open_deals"]


@relaxed
@given(deals())
def test_a_share_of_the_total_sums_to_one(rows) -> None:
    """Shares over all groups of a period: they are n / N, and add up to 1 where there is anything."""
    shares = cc.measure(METRICS[0].share(), cc.Dataset(opportunity=rows), by="owner", as_of=START + timedelta(days=500))
    won = Counter(r["owner"] for r in rows if r["outcome"] == "won")

    whole = sum(won.values())
    for row in shares.rows():
        assert row["won_share"] == (won[row["owner"]] / whole if whole else None)


# -- units ---------------------------------------------------------------------------------------------

MONEY, DAYS, NUMBER = cc.total("amount"), cc.mean(cc.elapsed("created_at", "closed_at")), cc.count()


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        (MONEY + DAYS, "money"),
        (MONEY - NUMBER, "money"),
        (cc.greatest(DAYS, NUMBER), "days"),
        (MONEY / DAYS, "money"),
        (MONEY * MONEY, "money"),
        (MONEY, "days"),
        (NUMBER, "money"),
        (DAYS / DAYS, "days"),
        (cc.squares("amount"), "money"),
        (cc.span("length") + NUMBER, "days"),
    ],
)
def test_units_that_do_not_go_together_are_an_error(formula, unit) -> None:
    """Money + days has no meaning, nor has money x money in money; the error shows the formula."""
    rows = [{"id": "d1", "outcome": "won", "created_at": START, "closed_at": START, "amount": 1}]

    with pytest.raises(UnitError):
        cc.measure(cc.Metric("m", formula, unit=unit, anchor="closed_at"), cc.Dataset(opportunity=rows), per="month")


@pytest.mark.parametrize(
    ("formula", "unit", "value"),
    [
        (MONEY / DAYS, "money/day", 4.0),
        (NUMBER / DAYS, "count/day", 0.5),
        (MONEY * NUMBER / MONEY, "ratio", 1.0),
        (cc.square_root(cc.squares("amount")), "money", 8.0),
        (DAYS, "hours", 48.0),
        (NUMBER / cc.span("length"), "count/day", 1 / 31),
    ],
)
def test_units_that_go_together_give_a_number(formula, unit, value) -> None:
    """8 in money, 2 days, one deal: money per day 4, half a deal per day; days read as hours are 48."""
    rows = [{"id": "d1", "outcome": "won", "created_at": START, "closed_at": date(2024, 1, 3), "amount": 8}]
    metric = cc.Metric("m", formula, unit=unit, anchor="closed_at")

    assert cc.measure(metric, cc.Dataset(opportunity=rows), per="month", as_of=date(2024, 6, 30)).rows() == [
        {"period": "2024-01", "m": value}
    ]


@pytest.mark.parametrize(
    "expr",
    [
        cc.col("amount") + cc.elapsed("created_at", "closed_at"),
        cc.col("amount") * cc.col("amount"),
        cc.col("amount") + 1,
        cc.col("owner") * 2,
        cc.coalesce(cc.col("amount"), cc.elapsed("created_at", "closed_at")),
    ],
)
def test_units_are_checked_row_by_row_too(expr) -> None:
    """Within a column expression money + days, money x money, money + 1 and text x 2 are errors."""
    rows = [{"id": "d1", "outcome": "won", "created_at": START, "closed_at": START, "amount": 1, "owner": "Anna"}]

    with pytest.raises(UnitError):
        cc.measure(cc.Metric("m", cc.total(expr), unit="money"), cc.Dataset(opportunity=rows))
