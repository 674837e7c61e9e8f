"""The parts of a change: mix and rate by group, exact, and the groups that moved the number."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.change import Change, explain_change
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, GroupNotFound, MetricNotFound

HALF = Fraction(1, 2)
WORDS = st.text("abc赢", min_size=1, max_size=2) | st.none()
SIDES = st.dictionaries(
    WORDS, st.tuples(st.integers(-50, 50), st.integers(0, 50)), max_size=6
)  # a numerator over nothing is possible: calls to a channel that brought no leads

BEFORE = {"A": (40, 80), "B": (2, 20)}
AFTER = {"A": (54, 90), "B": (1, 10)}
"""A: 50 % of 80, then 60 % of 90; B: 10 % of 20, then 10 % of 10. Overall 42 %, then 55 %."""


def by_name(change: Change):
    """Return the parts by their only label."""
    return {part.group[0]: part for part in change.parts}


def test_two_groups_by_hand() -> None:
    """R1: mix (w1 - w0) x (mean rate - mean of the whole), rate (r1 - r0) x (w0 + w1) / 2; worked on paper.

    The mean of the whole is 48.5 %. A: mix 0.1 x (0.55 - 0.485) = 0.0065, rate 0.1 x 0.85 = 0.085.
    B: mix -0.1 x (0.1 - 0.485) = 0.0385, rate 0: that it shrank has raised the number.
    """
    change = explain_change("win_rate", BEFORE, AFTER, keys="team")

    assert (change.before, change.after) == (Fraction(42, 100), Fraction(55, 100))
    assert (change.difference, change.mix, change.rate) == (Fraction(13, 100), Fraction(45, 1000), Fraction(85, 1000))
    a, b = by_name(change)["A"], by_name(change)["B"]
    assert (a.mix, a.rate, a.contribution) == (Fraction(65, 10_000), Fraction(850, 10_000), Fraction(915, 10_000))
    assert (b.mix, b.rate, b.contribution) == (Fraction(385, 10_000), 0, Fraction(385, 10_000))
    assert change.rows()[0] == {
        "team": "A",
        "denominator_before": 80.0,
        "denominator_after": 90.0,
        "weight_before": 0.8,
        "weight_after": 0.9,
        "before": 0.5,
        "after": 0.6,
        "mix": 0.0065,
        "rate": 0.085,
        "contribution": 0.0915,
    }
    facts = {"before": 0.42, "after": 0.55, "difference": 0.13, "mix": 0.045, "rate": 0.085}
    assert change.to_dict()["facts"] == facts


def test_the_groups_that_moved_the_number_are_named() -> None:
    """The note names them with what each brought, in both languages; differences of ratios are in points."""
    change = explain_change("win_rate", BEFORE, AFTER)

    assert (
        change.to_dict()["notes"][0] == "win_rate rose from 42.0 % to 55.0 %; moved most by A (+9.2 pp), B (+3.8 pp)."
    )
    assert change.told("zh").to_dict()["notes"][0] == (
        "win_rate由 42.0 % 升至 55.0 %；主要来自A（+9.2 个百分点）、B（+3.8 个百分点）。"
    )
    assert change.told("zh").parts == change.parts
    fell = explain_change("win_rate", AFTER, BEFORE).to_dict()["notes"][0]
    assert fell == "win_rate fell from 55.0 % to 42.0 %; moved most by A (-9.2 pp), B (-3.8 pp)."
    assert explain_change("win_rate", AFTER, AFTER).to_dict()["notes"][0] == "win_rate stayed at 55.0 %."


def test_a_poor_group_that_grows_pulls_down() -> None:
    """A group below the average whose weight grows has a negative mix, though its rate is positive and unchanged.

    Weights 0.9 and 0.1, then 0.8 and 0.2; rates 50 % and 10 %: 46 %, then 42 %; the mean of the whole is 44 %.
    """
    change = explain_change("rate", {"A": (45, 90), "B": (1, 10)}, {"A": (40, 80), "B": (2, 20)})

    assert by_name(change)["B"].mix == Fraction(1, 10) * (Fraction(1, 10) - Fraction(44, 100)) < 0
    assert change.mix == change.difference == Fraction(-4, 100)


def test_a_group_absent_on_one_side_is_all_mix() -> None:
    """A new group, one that went away, and one whose denominator is 0 have no rate."""
    change = explain_change("r", {"A": (5, 10), "gone": (1, 10)}, {"A": (6, 10), "new": (9, 10), "gone": (0, 0)})

    parts = by_name(change)
    assert {name for name, part in parts.items() if part.rate == 0} == {"gone", "new"}
    assert parts["A"].rate == Fraction(1, 10) * HALF
    assert parts["new"].mix == HALF * (Fraction(9, 10) - (Fraction(6, 20) + Fraction(15, 20)) * HALF)
    assert [row["after"] for row in change.rows() if row["group"] == "gone"] == [None]  # R2
    assert change.mix + change.rate == change.difference == Fraction(9, 20)


@given(SIDES, SIDES)
def test_mix_and_rate_add_up_exactly(before, after) -> None:
    """mix = sum (w1 - w0)(r0 + r1) / 2 and rate = sum (r1 - r0)(w0 + w1) / 2 by the formula of the issue, in fractions."""
    change = explain_change("r", before, after)
    d0, d1 = (sum(d for _, d in side.values()) for side in (before, after))

    if not d0 or not d1:
        assert (change.difference, change.mix, change.rate) == (None, None, None)
        assert all(part.contribution is None for part in change.parts)
        return
    assert change.mix + change.rate == change.difference == change.after - change.before
    assert change.after == Fraction(sum(n for n, _ in after.values()), d1)
    assert sum(p.contribution for p in change.parts) == change.difference
    assert all(p.mix + p.rate == p.contribution for p in change.parts)
    mix = rate = Fraction(0)
    for group in {*before, *after}:
        (n0, e0), (n1, e1) = before.get(group, (0, 0)), after.get(group, (0, 0))
        if e0 and e1:
            r0, r1, w0, w1 = Fraction(n0, e0), Fraction(n1, e1), Fraction(e0, d0), Fraction(e1, d1)
            mix += (w1 - w0) * (r0 + r1) / 2
            rate += (r1 - r0) * (w0 + w1) / 2
        else:
            mix += Fraction(n1, d1) - Fraction(n0, d0)
    assert (change.mix, change.rate) == (mix, rate)


@given(SIDES, SIDES, st.randoms(use_true_random=False))
def test_the_order_of_groups_decides_nothing(before, after, random) -> None:
    """Ties are by label, blank last: any order of the same groups gives the same listing."""
    shuffled = []
    for side in (before, after):
        items = list(side.items())
        random.shuffle(items)
        shuffled.append(dict(items))

    assert explain_change("r", *shuffled).to_dict() == explain_change("r", before, after).to_dict()


@given(SIDES, SIDES)
def test_the_way_back_has_the_opposite_sign(before, after) -> None:
    """Before and after exchanged negate mix, rate and each contribution."""
    there, back = explain_change("r", before, after), explain_change("r", after, before)

    if there.difference is not None:
        assert (back.mix, back.rate) == (-there.mix, -there.rate)
        assert [(p.group, p.contribution) for p in back.parts] == [(p.group, -p.contribution) for p in there.parts]


@given(st.tuples(st.integers(0, 99), st.integers(1, 99)), st.tuples(st.integers(0, 99), st.integers(1, 99)))
def test_a_single_group_has_no_mix(before, after) -> None:
    """All weight is in it on both sides: the whole difference is rate."""
    change = explain_change("r", {"all": before}, {"all": after})

    assert (change.mix, change.rate) == (0, Fraction(*after) - Fraction(*before))


@given(st.dictionaries(WORDS, st.integers(-99, 99)), st.dictionaries(WORDS, st.integers(-99, 99)))
def test_a_sum_changes_by_its_groups(before, after) -> None:
    """Amounts have no denominator, so no mix: each group contributes its own difference."""
    change = explain_change("won_value", before, after)

    if before or after:
        assert "mix" not in change
        assert (change.mix, change.rate) == (None, None)
        expected = {(g,): after.get(g, 0) - before.get(g, 0) for g in {*before, *after}}
        assert {p.group: p.contribution for p in change.parts} == expected
        assert change.difference == sum(expected.values())


def test_several_keys_and_all_exact_numbers() -> None:
    """Groups may be tuples; decimals and fractions are taken as they are; blank is a group."""
    before = {("Boston", None): (Decimal("0.1"), 1), ("波士顿", "web"): (Fraction(1, 3), 1)}
    change = explain_change("r", before, {("Boston", None): (Decimal("0.3"), 1)}, keys=["team", "source"])

    assert change.before == (Fraction(1, 10) + Fraction(1, 3)) / 2
    assert {(row["team"], row["source"]) for row in change} == {("Boston", None), ("波士顿", "web")}
    assert "Boston / (blank) (" in change.to_dict()["notes"][0]
    assert "Boston / （空白）（" in change.told("zh").to_dict()["notes"][0]


def test_nothing_on_both_sides_is_undefined() -> None:
    """R2: without a denominator there is no number, and no difference."""
    change = explain_change("r", {}, {})

    assert (len(change), change.before, change.difference, change.fact("mix")) == (0, None, None, None)
    assert str(change).startswith("group")
    gone = explain_change("r", {"A": (1, 2)}, {"A": (0, 0)})
    assert (gone.before, gone.after, gone.parts[0].contribution) == (HALF, None, None)
    assert gone.to_dict()["notes"][0] == "r is undefined after: its denominator is zero."
    assert "r前期无定义：分母为零。" in str(change.told("zh"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"A": (0.5, 2)}, {}, "group 'A': 0.5 is not exact"),
        ({"A": (True, 2)}, {}, "group 'A': True is not exact"),
        ({"A": (Decimal("nan"), 2)}, {}, "is not exact"),
        ({"A": (1, 2, 3)}, {}, "group 'A': give \\(numerator, denominator\\), got \\(1, 2, 3\\)"),
        ({"A": (1, 2)}, {"A": 3}, "not both"),
        ({("A", "b"): (1, 2)}, {}, "has 2 labels for the 1 keys group"),
        ([1], [2], "got list and list"),
        ({}, "2026-Q1", "got dict and str"),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(before, after, message: str) -> None:
    """Floats would not add up; groups and numbers have to be of one sort."""
    with pytest.raises(ArgumentError, match=message):
        explain_change("r", before, after)


# -- on data -------------------------------------------------------------------------------------------

DEALS = [
    ("id", "outcome", "owner", "account", "amount", "created_at", "closed_at"),
    *(
        (f"a{i}", "won" if i < 4 else "lost", "anna", f"k{i % 3}", 10 + i, date(2026, 1, 1), date(2026, 2, 1))
        for i in range(8)
    ),
    *((f"b{i}", "won" if i < 1 else "lost", "ben", "k0", 7, date(2026, 1, 1), date(2026, 3, 1)) for i in range(2)),
    *((f"c{i}", "won" if i < 6 else "lost", "anna", "k1", 20, date(2026, 1, 1), date(2026, 5, 1)) for i in range(10)),
    *((f"d{i}", "won", "欧阳", "k2", None, date(2026, 1, 1), date(2026, 5, 2)) for i in range(10)),
]
"""First quarter: anna 4 of 8, ben 1 of 2; second: anna 6 of 10, 欧阳 10 of 10."""
QUARTERS = {"per": "quarter", "by": "owner"}


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    names, *rows = DEALS
    return cc.Dataset(opportunity=(names, rows))


def half(first: bool) -> cc.Dataset:
    names, *rows = DEALS
    return cc.Dataset(opportunity=(names, [r for r in rows if (r[-1].month < 4) is first]))


EXPECTED = {"anna": (4, 8), "ben": (1, 2)}, {"anna": (6, 10), "欧阳": (10, 10)}


def test_two_periods_two_datasets_two_results_and_arrays_agree(data: cc.Dataset) -> None:
    """The same change by every face: periods of one dataset, datasets, results, pairs."""
    periods = cc.explain_change("win_rate", "2026-Q1", "2026-Q2", data=data, **QUARTERS)
    sets = cc.explain_change("win_rate", half(True), half(False), by=["owner"])
    results = cc.explain_change("win_rate", *(cc.measure("win_rate", half(x), by="owner") for x in (True, False)))
    pairs = explain_change("win_rate", *EXPECTED, keys="owner")

    assert (pairs.before, pairs.after) == (HALF, Fraction(16, 20))
    for change in (periods, sets, results):
        assert isinstance(change, Change)
        assert change.rows() == pairs.rows()
        assert (change.before, change.after, change.mix, change.rate) == (
            pairs.before,
            pairs.after,
            pairs.mix,
            pairs.rate,
        )


def test_a_sum_and_a_mean_of_the_data(data: cc.Dataset) -> None:
    """M3: won value is a sum; the mean deal weighs by the deals that have an amount, and 欧阳 has none."""
    value = cc.explain_change("won_value", "2026-Q1", "2026-Q2", data=data, **QUARTERS)
    mean = cc.explain_change("mean_won_deal", "2026-Q1", "2026-Q2", data=data, **QUARTERS)

    assert {r["owner"]: (r["before"], r["after"]) for r in value} == {"anna": (46, 120), "ben": (7, 0), "欧阳": (0, 0)}
    assert value.difference == 120 - 53
    assert (mean.before, mean.after) == (Fraction(53, 5), 20)
    assert by_name(mean)["欧阳"].contribution == 0


def test_where_as_of_and_workspace_count(data: cc.Dataset) -> None:
    """Conditions and as_of are those of measure; the workspace's language is that of the listing."""
    host = cc.Workspace(language="zh")
    change = host.explain_change(
        "win_rate", "2026-Q1", "2026-Q2", data=data, where=cc.col("owner") == "anna", as_of=date(2026, 5, 1), **QUARTERS
    )

    assert (change.before, change.after, change.mix) == (HALF, Fraction(6, 10), 0)
    assert "赢率由 50.0 % 升至 60.0 %" in str(change)


def test_without_groups_there_is_one_part(data: cc.Dataset) -> None:
    """All in one group: everything is rate, and no group is named."""
    change = cc.explain_change("win_rate", "2026-Q1", "2026-Q2", data=data, per="quarter")

    assert [p.group for p in change.parts] == [()]
    assert change.rate == Fraction(3, 10)
    assert change.to_dict()["notes"][0] == "Win rate rose from 50.0 % to 80.0 %."


@pytest.mark.parametrize("metric", ["median_won_deal", "sales_velocity", "open_value_share"])
def test_what_has_no_parts_is_refused(data: cc.Dataset, metric: str) -> None:
    """R1: groups of a median, a product or a share do not add up to the whole."""
    with pytest.raises(ArgumentError, match=f"{metric}.*(do not add up|no exact parts)"):
        cc.explain_change(metric, "2026-Q1", "2026-Q2", data=data, **QUARTERS)


@pytest.mark.parametrize("metric", ["median_won_deal", "top_sellers_share"])
def test_one_group_makes_a_median_no_sum(metric: str) -> None:
    """R1: that a median of one seller is that of all is chance; next quarter there are two sellers."""
    deals = [
        {"id": n, "owner": "Anna", "outcome": "won", "amount": n, "closed_at": date(2026, 3 * n, 1)} for n in (1, 2)
    ]

    with pytest.raises(
        ArgumentError, match=f"the groups of '{metric}' do not add up to the whole, so its change has no parts"
    ):
        cc.explain_change(metric, "2026-Q1", "2026-Q2", data=cc.Dataset(opportunity=deals), **QUARTERS)


def test_a_distinct_count_is_refused_where_groups_share_what_is_counted(data: cc.Dataset) -> None:
    """Anna and Ben both sold to k0: two accounts by seller are one in all (E45)."""
    buyers = cc.Metric(
        "buyers", cc.distinct("account", where=cc.col("outcome") == "won"), unit="count", anchor="closed_at"
    )

    with pytest.raises(ArgumentError, match=r"'buyers' do not add up to the whole \(4.0 and 3"):
        cc.explain_change(buyers, "2026-Q1", "2026-Q2", data=data, **QUARTERS)


def test_currencies_without_rates_have_no_whole() -> None:
    """M2: groups of one currency each do not add up."""
    deals = [
        {
            "id": i,
            "outcome": "won",
            "amount": 5,
            "currency": c,
            "created_at": date(2026, 1, 1),
            "closed_at": date(2026, m, 1),
        }
        for i, (c, m) in enumerate([("EUR", 1), ("USD", 2), ("EUR", 5)])
    ]
    data = cc.Dataset(opportunity=deals)

    with pytest.raises(CurrencyError):
        cc.explain_change("won_value", "2026-Q1", "2026-Q2", data=data, per="quarter", by="currency")
    result = cc.measure("won_value", data, by="currency")
    with pytest.raises(ArgumentError, match="several currencies"):
        cc.explain_change("won_value", result, result)


def test_wrong_questions_say_what_would_be_right(data: cc.Dataset) -> None:
    """Each wrong combination of sides and arguments is an error that names the right one."""
    result = cc.measure("win_rate", data, by="owner")
    cases = [
        (
            GroupNotFound,
            "no group named '2026-Q9' among the periods; did you mean '2026-Q",
            ("2026-Q1", "2026-Q9"),
            {"data": data, **QUARTERS},
        ),
        (ArgumentError, "need the dataset and their kind", ("2026-Q1", "2026-Q2"), {"data": data}),
        (ArgumentError, "data and per are for two periods", (data, data), {"data": data}),
        (ArgumentError, "by is for two datasets", (result, result), {"by": cc.col("owner")}),
        (ArgumentError, "where is for two datasets", (result, result), {"where": cc.col("owner") == "anna"}),
        (ArgumentError, "has periods", (cc.measure("win_rate", data, **QUARTERS),) * 2, {}),
        (ArgumentError, "measure different things", (result, cc.measure("win_rate", data)), {}),
        (ArgumentError, "do not add up", (result.top(1), result.top(1)), {}),
        (ArgumentError, "got Result and Dataset", (result, data), {}),
        (ColumnNotFound, "did you mean 'owner'", (data, data), {"by": "ownr"}),
    ]
    for error, message, sides, options in cases:
        with pytest.raises(error, match=message):
            cc.explain_change("win_rate", *sides, **options)
    with pytest.raises(MetricNotFound, match="did you mean 'win_rate'"):
        cc.explain_change("win_rat", data, data)


def test_fractions_are_the_exact_parts_of_each_row(data: cc.Dataset) -> None:
    """R3, Q3: numerator and denominator of a result's rows, in its order; a sum stands over 1, undefined is None."""
    result = cc.measure(["win_rate", "won_value", "median_won_deal"], data, **QUARTERS)

    assert result.fractions("win_rate") == [(4, 8), (6, 10), (1, 2), (0, 0), (0, 0), (10, 10)]
    assert result.fractions("won_value") == [(46, 1), (120, 1), (7, 1), (0, 1), (0, 1), (0, 1)]
    assert result.fractions("median_won_deal")[-1] is None
    assert result.ranked("win_rate").top(1).fractions("won_value") == [(0, 1)]
    with pytest.raises(ArgumentError, match="'open_value_share' is no sum"):
        cc.measure("open_value_share", data, **QUARTERS).fractions("open_value_share")


def test_fractions_divide_to_the_numbers_of_a_sparse_result() -> None:
    """Q4: each row's number is its fraction rounded once, also where most groups have no row in most periods."""
    deals = [
        {
            "id": i,
            "outcome": "won" if i % 3 else "lost",
            "account": f"a{i % 500}",
            "amount": Decimal(i) / 10,
            "created_at": date(2026, 1, 1),
            "closed_at": date(2026, 1 + i % 12, 1 + i % 28),
        }
        for i in range(700)
    ]
    result = cc.measure(["win_rate", "mean_won_deal"], cc.Dataset(opportunity=deals), by="account", per="week")
    ranked = result.sorted("mean_won_deal").top(900)

    assert result._spread is not None, "the cells are listed, not laid out"
    for rows in (result, ranked):
        for name in rows.names:
            pairs = rows.fractions(name)
            assert rows.plain(name) == [
                None if pair is None or not pair[1] else float(pair[0] / pair[1]) for pair in pairs
            ]
    assert ranked.fractions("mean_won_deal")[0] == (Fraction(698, 10), 1)
