"""Rule schemes: every word of what they promise, by tables worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

import crmcore as cc
from crmcore import col
from crmcore.domain import Money
from crmcore.errors import (
    ColumnNotFound,
    CurrencyError,
    DefinitionError,
    RangeError,
    ScorerNotFound,
    TableNotFound,
)
from crmcore.scoring import Band, Count, Grading, Group, Rule, Scheme, age_in_days

TODAY = date(2026, 6, 30)


def scheme(*rules, **given):
    """Return a scheme of one group."""
    group = {k: given.pop(k) for k in ("group_cap", "group_floor") if k in given}
    limits = {k.removeprefix("group_"): v for k, v in group.items()}
    return Scheme("fit", given.pop("table", "lead"), groups=[Group("all", rules, **limits)], **given)


def values(chosen, rows, **others):
    """Return the scores of rows."""
    data = cc.Dataset(**{chosen.table: rows}, **others)
    return cc.score(chosen, data, as_of=TODAY).values.tolist()


# -- points --------------------------------------------------------------------------------------------


def test_points_by_a_condition_and_against_one() -> None:
    """Large 10, from the web 5, bought list -8: 15, 2, 0; a blank meets no condition."""
    fit = scheme(
        Rule("large", when=col("size") == "large", points=10),
        Rule("web", when=col("source") == "web", points=5),
        Rule("bought", when=col("source") == "list", points=-8),
    )
    rows = [("large", "web"), ("large", "list"), (None, None), ("small", "list")]

    found = values(fit, [{"id": str(i), "size": s, "source": o} for i, (s, o) in enumerate(rows)])

    assert found == [15, 2, 0, -8]


def test_points_by_the_band_of_a_value() -> None:
    """From 10 one point, from 50 three, from 100 two and a half; below 10 and blank none."""
    fit = scheme(Rule("size", value="employees", bands={10: 1, 50: 3, 100: Decimal("2.5")}))

    found = values(fit, [{"id": str(i), "employees": n} for i, n in enumerate([9, 10, 49, 50, 99, 100, 10**6, None])])

    assert found == [0, 1, 1, 3, 3, 2.5, 2.5, 0]


def test_points_for_rows_of_another_table_with_a_window_and_a_limit() -> None:
    """T6: two points a visit of the trailing 7 days, today included, at most five; tomorrow's is none."""
    engaged = scheme(
        Rule("visits", count=Count("activity", at="at", when=col("kind") == "visit", within_days=7), points=2, cap=5)
    )
    days = {"a": [30, 24, 23], "b": [30, 30, 29], "c": [31], "d": []}
    visits = [
        {"kind": "visit", "lead": lead, "at": date(2026, 6, d) if d < 31 else date(2026, 7, 1)}
        for lead, listed in days.items()
        for d in listed
    ]
    # another kind, and a visit of nobody, which e, who has no activity, does not get
    visits += [{"kind": "call", "lead": "d", "at": TODAY}, {"kind": "visit", "lead": None, "at": TODAY}]

    found = values(engaged, [{"id": x} for x in "abcde"], activity=visits)

    # a: on 30 and 24 June, not on the 23rd; b: three times two are six, at most five
    assert found == [4, 5, 0, 0, 0]


def test_a_date_that_lies_ahead_is_of_no_age() -> None:
    """T3: a task that is due tomorrow counts nothing, one that is due today does."""
    tasks = scheme(Rule("due", count=Count("activity", at="due"), points=1))
    due = [
        {"lead": x, "at": date(2026, 6, 1), "due": d} for x, d in (("a", TODAY), ("b", date(2026, 7, 1)), ("c", None))
    ]

    assert values(tasks, [{"id": x} for x in "abc"], activity=due) == [1, 0, 0]


def test_points_decay() -> None:
    """Eight points halve every ten days: 8, 4 after 10, 2 after 20; after 5 days 8 / 2**0.5 to the nearest thousandth."""
    engaged = scheme(Rule("mails", count=Count("activity", at="at", half_life_days=10), points=8))
    ages = {"new": [0], "ten": [10], "twenty": [20], "five": [5], "several": [0, 10, 20]}
    mails = [
        {"lead": lead, "at": date.fromordinal(TODAY.toordinal() - age)}
        for lead, listed in ages.items()
        for age in listed
    ]

    found = values(engaged, [{"id": x} for x in ages], activity=mails)

    assert found == [8, 4, 2, 5.657, 14]


def test_quantity_counts_a_row_as_often_as_it_says() -> None:
    """Three calls in one row and one in another are four; a row that does not say how many counts none."""
    engaged = scheme(Rule("calls", count=Count("activity", quantity="quantity"), points=1))
    calls = [{"lead": "a", "quantity": 3}, {"lead": "a", "quantity": 1}, {"lead": "a", "quantity": None}]

    assert values(engaged, [{"id": "a"}], activity=calls) == [4]
    assert values(engaged, [{"id": "a"}], activity=calls[2:]) == [0]


def test_ages_are_days_of_the_workspace() -> None:
    """T1: at eleven at night in UTC it is the next day in Shanghai, and one day less ago."""
    fresh = scheme(Rule("fresh", when=age_in_days("created_at") < 1, points=1))
    lead = {"id": "a", "created_at": datetime(2026, 6, 29, 23, tzinfo=UTC)}

    assert cc.Workspace().score_one(fresh, lead, as_of=TODAY).value == 0
    assert cc.Workspace(timezone="Asia/Shanghai").score_one(fresh, lead, as_of=TODAY).value == 1


# -- limits --------------------------------------------------------------------------------------------


def test_group_and_total_limits_are_reasons_that_add_up() -> None:
    """Fit 30 + 30 is capped at 40, risk -70 floored at -50, the whole floored at 0: 60 - 20 - 70 + 20 + 10 = 0."""
    both = Scheme(
        "both",
        "lead",
        groups=[
            Group(
                "fit", [Rule("a", when=col("x") == "y", points=30), Rule("b", when=col("x") == "y", points=30)], cap=40
            ),
            Group("risk", [Rule("c", when=col("x") == "y", points=-70)], floor=-50),
        ],
        cap=100,
        floor=0,
    )
    found = cc.score(both, cc.Dataset(lead=[{"id": "1", "x": "y"}, {"id": "2", "x": None}]))

    assert found.values.tolist() == [0, 0]
    assert {b.reason.name: b.amount for b in found.of("1").reasons if b.amount} == {
        "a": 30, "b": 30, "fit.cap": -20, "c": -70, "risk.floor": 20, "total.floor": 10,
    }  # fmt: skip
    assert sum(b.amount for b in found.of("1").reasons) == 0
    assert [b.reason.name for b in found.of("2").reasons if b.missing] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({}, 30), ({"cap": 20}, 20), ({"floor": 50}, 50), ({"group_cap": 25, "cap": 20}, 20), ({"group_floor": 40}, 40)],
)
def test_limits(limits, expected) -> None:
    """A row with 30 points within each limit."""
    assert values(scheme(Rule("a", when=col("x") == "y", points=30), **limits), [{"id": "1", "x": "y"}]) == [expected]


def test_large_points_stay_exact_and_too_large_ones_are_refused() -> None:
    """Thousand millions of points with a thousandth beside them are added exactly; more than int64 holds is an error."""
    large = scheme(
        Rule("much", when=col("x") == "y", points=10**9), Rule("little", when=col("x") == "y", points=Decimal("0.001"))
    )
    assert values(large, [{"id": "1", "x": "y"}]) == [1_000_000_000.001]
    many = scheme(Rule("rows", count=Count("activity", quantity="quantity"), points=10**9))
    with pytest.raises(RangeError, match="more than can be added exactly"):
        values(many, [{"id": "1"}], activity=[{"lead": "1", "quantity": 10**8}])


# -- grades --------------------------------------------------------------------------------------------


def test_fit_and_engagement_make_a_matrix_of_grades() -> None:
    """A1 to C3: the letter by the points for fit, the number by those for engagement; both stand beside the score."""
    matrix = Scheme(
        "matrix",
        "lead",
        groups=[
            Group("firm", [Rule("f", value="fit", bands=[(n, n) for n in range(1, 101)])], dimension="fit"),
            Group("acts", [Rule("e", value="act", bands=[(n, n) for n in range(1, 101)])], dimension="engagement"),
        ],
        grades=[
            Grading({"A": 60, "B": 30, "C": None}, of="fit"),
            Grading({"1": 50, "2": 20, "3": None}, of="engagement"),
        ],
    )
    pairs = [(60, 50), (59, 50), (29, 50), (100, 49), (30, 20), (0, 0), (60, 19)]

    found = cc.score(matrix, cc.Dataset(lead=[{"id": str(i), "fit": f, "act": e} for i, (f, e) in enumerate(pairs)]))

    assert found.grades == ["A1", "B1", "C1", "A2", "B2", "C3", "A3"]
    assert {h.name: v.tolist() for h, v in found.beside} == {
        "fit": [f for f, _ in pairs],
        "engagement": [e for _, e in pairs],
    }
    assert found.values.tolist() == [f + e for f, e in pairs]


def test_thresholds() -> None:
    """On a threshold is in; below the last there is no grade; points with decimals meet thresholds with decimals."""
    graded = scheme(
        Rule("n", value="n", bands=[(1, Decimal("9.999")), (2, 10), (3, Decimal("49.999")), (4, 50)]),
        grades=Grading({"A": 50, "B": 10}),
    )
    found = cc.score(graded, cc.Dataset(lead=[{"id": str(n), "n": n} for n in range(5)]))

    assert found.grades == [None, None, "B", "B", "A"]


def test_too_little_known_is_no_score_and_no_grade() -> None:
    """R2: with one of two values known of a scheme that asks for two, undefined; not 0, and no grade."""
    asked = scheme(
        Rule("a", when=col("x") == "y", points=1),
        Rule("b", when=col("z") == "y", points=1),
        least_known=2,
        grades=Grading({"A": 1, "B": None}),
    )
    found = cc.score(asked, cc.Dataset(lead=[{"id": "1", "x": "y", "z": None}, {"id": "2", "x": "y", "z": "n"}]))

    assert [(s.value, s.grade) for s in found] == [(None, None), (1, "A")]
    assert found.sorted().ids.tolist() == ["2", "1"]


# -- versions and single records ------------------------------------------------------------------------


def test_scores_say_which_scheme_and_version() -> None:
    """Revision and a digest of what decides ride along; labels change neither, points change the digest."""
    first = scheme(Rule("a", when=col("x") == "y", points=5), revision=3)
    same = scheme(Rule("a", when=col("x") == "y", points=Decimal("5.0"), labels={"en": "A"}), summary="s", revision=3)
    other = scheme(Rule("a", when=col("x") == "y", points=6), revision=3)
    data = cc.Dataset(lead=[{"id": "1", "x": "y"}])

    scores = cc.score(first, data)

    assert (scores.scorer, scores.revision, scores.fingerprint) == ("fit", 3, first.fingerprint)
    assert scores.of("1").revision == 3
    assert first.fingerprint == same.fingerprint != other.fingerprint


def test_one_record_is_scored_as_among_others() -> None:
    """The same score whether given as a dict or record, alone or in a batch, with rows of other tables that belong to it."""
    both = scheme(
        Rule("web", when=col("source") == "web", points=5), Rule("acts", count=Count("activity", at="at"), points=1)
    )
    rows = [{"id": "a", "source": "web"}, {"id": "b", "source": None}]
    data = cc.Dataset(lead=rows, activity=[{"lead": "b", "at": TODAY}, {"lead": "b", "at": None}])
    batch = cc.score(both, data)

    for row in rows:
        assert cc.Workspace().score_one(both, row, as_of=None, others=data) == batch.of(row["id"])
    record = cc.domain.Lead(id="a", source="web")
    assert cc.Workspace().score_one(both, record, as_of=None, others=data).value == 5


def test_one_record_is_seen_from_the_present_of_the_others() -> None:
    """O9: undated rows belong to no past; whether as_of is past, the rows beside a record tell as they do in a batch."""
    acts = scheme(Rule("acts", count=Count("activity"), points=1), table="opportunity")
    deals = [{"id": "1", "created_at": date(2026, 1, 1)}, {"id": "2", "created_at": date(2026, 9, 1)}]
    data = cc.Dataset(opportunity=deals, activity=[{"opportunity": "1", "at": None}])

    batch = cc.score(acts, data, as_of=TODAY)

    assert batch.values.tolist() == [0]
    assert cc.Workspace().score_one(acts, deals[0], as_of=TODAY, others=data) == batch.of("1")


# -- what is missing or of another kind ------------------------------------------------------------------


def test_rows_of_a_store() -> None:
    """A store that has no activities yet has an empty table of them, and one that has some counts them."""
    acts = scheme(
        Rule("acts", count=Count("activity", at="at"), points=2), Rule("web", when=col("source") == "web", points=1)
    )
    workspace = cc.Workspace(store="memory:", scorers=[acts], clock=lambda: datetime(2026, 6, 30, tzinfo=UTC))
    workspace.put(cc.domain.Lead(id="l1", source="web", created_at=date(2026, 6, 1)))

    assert workspace.score("fit").values.tolist() == [1]
    workspace.put(cc.domain.Activity(id="a1", lead="l1", at=date(2026, 6, 2)))
    assert workspace.score("fit", as_of=TODAY).values.tolist() == [3]


def test_columns_without_any_value_are_blank_whatever_they_were_taken_for() -> None:
    """A column that no row fills has no kind; dates, numbers, words and sums of it are blank, and nothing raises."""
    when = [
        age_in_days("d") < 5,
        col("n") > 3,
        col("n") + 1 > col("m"),
        col("d") < col("e"),
        cc.coalesce(col("n"), 7) == 7,
        col("w").isin(["x"]),
        ~(col("n") > 3),
        col("n").is_null(),
    ]
    all_of = scheme(*(Rule(f"r{i}", when=w, points=2**i) for i, w in enumerate(when)))
    blank = {"n": None, "m": None, "d": None, "e": None, "w": None}
    some = {"n": 4, "m": 1, "d": TODAY, "e": TODAY, "w": "x"}

    assert values(all_of, [{"id": "1", **blank}]) == [2**4 + 2**6 + 2**7]
    assert values(all_of, [{"id": "1", **blank}, {"id": "2", **some}])[0] == 2**4 + 2**6 + 2**7
    assert values(scheme(Rule("r", value="n", bands=[(1, 1)]), least_known=1), [{"id": "1", "n": None}]) != [0]


def test_no_rows_and_one_row() -> None:
    """An empty table has no scores and prints; one row has one."""
    one = scheme(Rule("a", when=col("x") == "y", points=1), grades=Grading({"A": 1, "B": None}))
    empty = cc.score(one, cc.Dataset(lead={"id": [], "x": []}))

    assert (len(empty), empty.rows(), empty.grades) == (0, [], [])
    assert str(empty).split()[:5] == ["Id", "Score", "Grade", "Main", "reasons"]
    assert str(empty).endswith("Rows: 0")
    assert values(one, [{"id": "1", "x": "y"}]) == [1]


def test_what_is_missing_is_named() -> None:
    """A scorer, a table, a column that are not there: the error says which, and who needs it."""
    workspace = cc.Workspace(scorers=[scheme(Rule("acts", count=Count("activity", at="at"), points=1))])
    size = scheme(Rule("large", when=col("size") == "large", points=1))
    with pytest.raises(ScorerNotFound, match="did you mean 'fit'"):
        workspace.score("fitt", cc.Dataset(lead=[{"id": "1"}]))
    with pytest.raises(TableNotFound, match=r"'activity'.*'fit' needs it"):
        workspace.score("fit", cc.Dataset(lead=[{"id": "1"}]))
    with pytest.raises(TableNotFound, match="no table named 'lead'"):
        workspace.score("fit", cc.Dataset(opportunity=[{"id": "1"}]))
    with pytest.raises(ColumnNotFound, match=r"column 'size' is needed by scorer 'fit'.*did you mean 'sise'"):
        workspace.score(size, cc.Dataset(lead=[{"id": "1", "sise": "large"}]))
    optional = attrs.evolve(size, optional=["size"])
    assert workspace.score(optional, cc.Dataset(lead=[{"id": "1"}])).values.tolist() == [0]


def test_words_are_not_compared_with_what_is_no_word() -> None:
    """A column of words against True, a number, or a list of numbers: an error that names rule and column, not 0 points."""
    for when, kind in (
        (col("x") == True, "flag"),  # noqa: E712 - a condition on a column
        (col("x") > 5, "number"),
        (col("x").isin([1, 2]), "number"),
        (col("x") < date(2026, 1, 1), "day"),
    ):
        with pytest.raises(DefinitionError, match=f"holds str values such as 'yes', not .* kind = '{kind}'"):
            values(scheme(Rule("a", when=when, points=1)), [{"id": "1", "x": "yes"}])


def test_currencies_are_never_mixed() -> None:
    """M2: two currencies are refused, another than the scheme means too; rates convert; one of its own is fine."""
    rich = scheme(Rule("rich", when=col("amount") >= 100, points=1), table="opportunity")
    euros = attrs.evolve(rich, currency="EUR")
    deals = {c: {"id": c, "amount": Money(100, c)} for c in ("EUR", "USD")}
    with pytest.raises(CurrencyError, match="several currencies"):
        values(rich, list(deals.values()))
    with pytest.raises(CurrencyError, match=r"means amounts in EUR.*is in USD"):
        values(euros, [deals["USD"]])
    assert values(euros, [deals["EUR"]]) == values(rich, [deals["USD"]]) == [1]
    rate = cc.domain.Rate(from_currency="USD", to_currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("0.5"))
    priced = cc.Workspace(currency="EUR", rates=[rate])
    assert priced.score(euros, cc.Dataset(opportunity=[*deals.values()]), as_of=TODAY).values.tolist() == [1, 0]


def test_chinese_text() -> None:
    """Values, ids and labels in Chinese, in what is printed too."""
    fit = scheme(
        Rule("vip", when=col("source") == "展会", points=5, labels={"en": "Fair", "zh": "展会线索"}),
        labels={"en": "Fit", "zh": "匹配度"},
    )
    found = cc.Workspace(language="zh").score(fit, cc.Dataset(lead=[{"id": "李雷", "source": "展会"}]))

    assert "匹配度" in str(found)
    assert found.explain("李雷").splitlines() == ["lead 李雷: 5 分 (fit，修订版 1)", "  +5  展会线索"]


# -- what is no scheme -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rule("a", when=col("x") == 1, points=0.5), "got the float 0.5; write Decimal"),
        (lambda: Rule("a", when=col("x") == 1, points="1.2345"), "at most three decimals"),
        (lambda: Rule("a", when=col("x") == 1, points=True), "a whole number or a Decimal"),
        (lambda: Rule("a", when=col("x") == 1, points=10**10), "at most 1,000,000,000"),
        (lambda: Rule("a", when=col("x") == 1, points=Decimal("nan")), "at most 1,000,000,000"),
        (lambda: Rule("a", when="x = 1", points=1), "a condition is such as"),
        (lambda: Rule("a b", when=col("x") == 1, points=1), "no snake_case name"),
        (lambda: Rule("a", points=1), "one of when, value .* got none"),
        (lambda: Rule("a", when=col("x") == 1, value="y", points=1), "got when and value"),
        (lambda: Rule("a", when=col("x") == 1), "go with points"),
        (lambda: Rule("a", value="x", bands=[(2, 1), (1, 2)]), "that ascend"),
        (lambda: Rule("a", value="x", bands=[(1, 1), ("b", 2)]), "that ascend"),
        (lambda: Rule("a", when=col("x") == 1, points=1, cap=3), "for a rule that counts"),
        (lambda: Count("activity", within_days=0), "a whole number of days from 1"),
        (lambda: Count("activity", within_days=3), "needs `at`"),
        (lambda: Group("g", []), "needs rules"),
        (lambda: Group("total", [Rule("a", when=col("x") == 1, points=1)]), "cannot be called 'total'"),
        (
            lambda: Group("g", [Rule("a", when=col("x") == 1, points=1)], cap=1, floor=2),
            "the cap 1 is below the floor 2",
        ),
        (lambda: Grading({"A": 10, "B": 20}), "best first"),
        (lambda: Grading({"A": None, "B": 20}), "best first"),
        (lambda: Grading([("A", 2), ("A", 1)]), "different names"),
        (lambda: scheme(Rule("a", when=col("x") == 1, points=1), least_known=2), "from 0 to its 1 rules"),
        (lambda: scheme(Rule("a", when=col("x") == 1, points=1), revision=0), "from 1, got 0"),
        (lambda: scheme(Rule("a", when=col("x") == 1, points=1), grades=Grading({"A": 1}, of="fit")), "there are none"),
        (lambda: scheme(*[Rule("a", when=col("x") == 1, points=1)] * 2), "two rules are called 'a'"),
        (lambda: scheme(Rule("a", when=col("x") == 1, points=1), grades=["A"]), "grades are such as"),
        (lambda: Scheme("s", "", groups=[]), "the name of a table"),
        (lambda: Scheme("s", "lead", groups=[]), "needs groups"),
    ],
)
def test_what_is_no_scheme_is_refused_when_it_is_written(make, said) -> None:
    """The message says what was wrong and what would be right."""
    with pytest.raises(DefinitionError, match=said):
        make()


def test_a_band_is_data() -> None:
    """Bands may be given as a mapping, as pairs or as bands."""
    one, two, three = (Rule("a", value="x", bands=b) for b in ({1: 2}, [(1, 2)], [Band(1, 2)]))
    assert one == two == three
