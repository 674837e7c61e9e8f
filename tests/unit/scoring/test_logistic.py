"""Logistic regression against published figures, plain Newton steps and the laws of maximum likelihood."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest

import crmcore as cc
from crmcore.algebra import as_of, col, elapsed
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, DataError, DefinitionError
from crmcore.evaluate import Scope
from crmcore.evaluate.rows import Rows
from crmcore.scoring.design import LEVELS
from crmcore.scoring.features import Feature
from crmcore.scoring.logistic import LogisticRegression

HOURS = [
    0.50,
    0.75,
    1.00,
    1.25,
    1.50,
    1.75,
    1.75,
    2.00,
    2.25,
    2.50,
    2.75,
    3.00,
    3.25,
    3.50,
    4.00,
    4.25,
    4.50,
    4.75,
    5.00,
    5.50,
]
PASSED = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]


def rows_of(**columns):
    """Return rows of a table of a host's own."""
    data = cc.Dataset(case=columns)
    return Rows(data["case"], Scope(data.tables, data.tables), None)


def spec(*features, **more):
    """Return a regression on the table of the host's own."""
    given = {"name": "r", "table": "case", "won": col("won") == 1, "lost": col("won") == 0}
    return LogisticRegression(features=features, **(given | more))


def test_published_hours() -> None:
    """Hours of study and passing: -4.0777 + 1.5046 per hour, errors 1.7610 and 0.6287, log-likelihood -8.02988."""
    model = spec("hours").fit(rows_of(hours=HOURS, won=PASSED))
    found = model.coefficients

    assert found["column"].tolist() == ["(intercept)", "hours"]
    assert found["coefficient"].tolist() == pytest.approx([-4.0777, 1.5046], abs=5e-5)
    assert found["standard_error"].tolist() == pytest.approx([1.7610, 0.6287], abs=5e-5)
    assert found["z"].tolist() == pytest.approx([-2.316, 2.393], abs=5e-4)
    assert found["p"].tolist() == pytest.approx([0.0206, 0.0167], abs=5e-5)
    assert found.fact("log_likelihood") == pytest.approx(-8.02988, abs=5e-6)
    assert found.fact("n"), found.fact("positives") == (20, 10)
    two_and_four = model.score(rows_of(hours=[2.0, 4.0], won=[0, 0])).values
    assert two_and_four.tolist() == pytest.approx([0.25, 0.87], abs=0.01)


def mixed(n=400, seed=5):
    """Return rows with categories, numbers with blanks, and outcomes that go with them."""
    dice = random.Random(seed)
    source = [dice.choice(["网站", "fair", "partner", None]) for _ in range(n)]
    size = [dice.choice([1.0, 5.0, 20.0, None]) for _ in range(n)]
    vip = [dice.random() < 0.3 for _ in range(n)]
    eta = [
        -0.5 + {"网站": 0.8, "fair": -0.4}.get(s, 0.0) + 0.05 * (x or 3) + v
        for s, x, v in zip(source, size, vip, strict=True)
    ]
    won = [int(dice.random() < 1 / (1 + exp(-e))) for e in eta]
    return {"source": source, "size": [None if x is None else Fraction(x) for x in size], "vip": vip, "won": won}


def newton(x, y, ridge=0.0):
    """Return coefficients by plain Newton steps on lists of floats."""
    x, y = np.array(x, float), np.array(y, float)
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0
    b = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-(x @ b)))
        b += np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + np.diag(penalty), x.T @ (y - p) - penalty * b)
    return b


@pytest.mark.parametrize("ridge", [0.0, 2.5])
def test_the_same_as_a_hand_built_matrix(ridge) -> None:
    """Categories without their most frequent value, blanks of their own, numbers standardised: the scores are the same."""
    data = mixed()
    model = spec("source", "size", "vip", ridge=ridge).fit(rows_of(**data))
    labels = ["网站", "fair", "partner", None]
    base = max(labels, key=lambda s: (data["source"].count(s), s is not None, s))
    known = [float(v) for v in data["size"] if v is not None]
    mean = sum(known) / len(known)
    spread = sqrt(sum((v - mean) ** 2 for v in known) / len(known))
    many = max((True, False), key=data["vip"].count)
    x = [
        [
            1.0,
            *(float(s == label) for label in labels if label != base),
            0.0 if v is None else (float(v) - mean) / spread,
            float(v is None),
            float(f != many),
        ]
        for s, v, f in zip(data["source"], data["size"], data["vip"], strict=True)
    ]
    b = newton(x, data["won"], ridge)
    expected = 1 / (1 + np.exp(-(np.array(x) @ b)))

    assert model.score(rows_of(**data)).values == pytest.approx(expected, rel=1e-9)
    assert model.coefficients.fact("ridge") == ridge


def test_maximum_likelihood_keeps_the_totals() -> None:
    """Without a ridge the probabilities of the rows with each value add up to how many of them are won."""
    data = mixed()
    model = spec("source", "size", "vip").fit(rows_of(**data))
    p = model.score(rows_of(**data)).values
    won = np.array(data["won"])
    for column in ("source", "vip"):
        for value in set(data[column]):
            chosen = np.array([v == value for v in data[column]])
            assert p[chosen].sum() == pytest.approx(won[chosen].sum(), rel=1e-8)
    size = np.array([float(v) if v is not None else 0.0 for v in data["size"]])
    assert (size * p).sum() == pytest.approx((size * won).sum(), rel=1e-8)


def test_parts_add_up() -> None:
    """Base and parts of each row add up to its log-odds; a number's part is coefficient x value."""
    data = mixed()
    model = spec("source", "size", "vip").fit(rows_of(**data))
    scores = model.score(rows_of(**data))
    amounts = scores.parts_of(np.arange(len(scores))).amounts
    p = scores.values
    per_unit = dict(zip(model.coefficients["column"], model.coefficients["coefficient"], strict=True))["size"]

    assert scores.base + amounts.sum(axis=1) == pytest.approx(np.log(p / (1 - p)), rel=1e-9)
    row = data["size"].index(Fraction(20))
    assert amounts[row, 1] == pytest.approx(20 * per_unit)
    assert scores.reasons[1].name == "size"


def test_one_column_of_categories_gives_the_rates() -> None:
    """With one category column the probability of each value is its share of won rows."""
    data = {"kind": ["a"] * 4 + ["b"] * 5 + [None] * 2, "won": [1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0]}
    model = spec("kind").fit(rows_of(**data))
    found = model.score(rows_of(kind=["a", "b", None, "never seen"], won=[0] * 4)).values

    assert found[:3].tolist() == pytest.approx([1 / 4, 3 / 5, 1 / 2], rel=1e-9)
    shares = {"a": 4 / 11, "b": 5 / 11, None: 2 / 11}
    odds = {"a": log(1 / 3), "b": log(3 / 2), None: 0.0}
    mean = sum(shares[k] * odds[k] for k in shares)
    assert found[3] == pytest.approx(1 / (1 + exp(-mean)), rel=1e-9)


def test_rare_values_are_pooled() -> None:
    """Values that too few rows have share one coefficient, and so does a value never seen."""
    data = {"kind": ["a"] * 4 + ["x", "y", "z"], "won": [1, 0, 1, 0, 1, 0, 0]}
    model = spec(Feature("kind", least=2)).fit(rows_of(**data))
    found = model.score(rows_of(kind=["a", "x", "y", "new"], won=[0] * 4)).values
    assert found.tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 3, 1 / 3], rel=1e-9)


def test_undecided_rows_teach_nothing() -> None:
    """R5: a row that is neither won nor lost changes no coefficient, and is scored all the same."""
    one = spec("hours").fit(rows_of(hours=HOURS, won=PASSED))
    more = rows_of(hours=[*HOURS, 9.0], won=[*PASSED, None])
    two = spec("hours").fit(more)

    assert two.to_json() == one.to_json()
    assert not np.isnan(two.score(more).values[-1])


def test_any_order_of_rows() -> None:
    """Rows in another order give the same coefficients, to rounding."""
    data = mixed()
    order = random.Random(2).sample(range(400), 400)
    first = spec("source", "size").fit(rows_of(**data)).coefficients["coefficient"]
    again = spec("source", "size").fit(rows_of(**{k: [v[i] for i in order] for k, v in data.items()}))
    assert again.coefficients["coefficient"].tolist() == pytest.approx(first.tolist(), rel=1e-9)


def test_a_ridge_draws_towards_nothing() -> None:
    """The larger the ridge, the smaller the coefficient; without end, only the share of won rows is left."""
    rows = rows_of(hours=HOURS, won=PASSED)
    sizes = [spec("hours", ridge=r).fit(rows).coefficients["coefficient"][1] for r in (0.0, 1.0, 10.0, 1e9)]
    assert sizes == sorted(sizes, reverse=True)
    assert spec("hours", ridge=1e9).fit(rows).score(rows).values == pytest.approx([0.5] * 20, abs=1e-6)


def test_a_constant_feature_is_left_out_and_said() -> None:
    """A column that is the same in all rows is in no term, and the listing says so, in both languages."""
    rows = rows_of(hours=HOURS, same=["x"] * 20, none=[None] * 20, one=[7] * 20, won=PASSED)
    found = spec("hours", "same", "one").fit(rows)

    assert found.constant == ("same", "one")
    assert "left out: same, one" in str(found.coefficients)
    assert "已排除：same, one" in str(found.coefficients.told("zh"))
    assert found.needs == ("hours",)
    only = spec("same").fit(rows)
    assert only.score(rows).values == pytest.approx([0.5] * 20)
    assert only.score(rows).parts_of(np.arange(3)).amounts.shape == (3, 0)


@pytest.mark.parametrize(
    ("columns", "features", "said"),
    [
        ({"kind": ["a", "a", "b", "b"], "won": [1, 0, 1, 1]}, ["kind"], "all 2 rows with kind = b are won"),
        ({"kind": ["a", "a", "a", "b", "b"], "won": [1, 1, 1, 1, 0]}, ["kind"], "all 3 rows with kind = a are won"),
        ({"x": [1, 2, 3, None], "won": [1, 0, 1, 0]}, ["x"], r"all 1 rows with x = \(blank\) are lost"),
        ({"x": [1, 2, 3, 4], "won": [0, 0, 1, 1]}, ["x"], "part won from lost rows completely, 'x'"),
        ({"x": [1, 2, 3, 4], "y": [2, 4, 6, 8], "won": [1, 0, 1, 0]}, ["x", "y"], "'y' follows from 'x'"),
    ],
)  # fmt: skip
def test_what_has_no_finite_answer(columns, features, said) -> None:
    """Without a ridge, separation and columns that follow from each other are errors that name the column and the way out."""
    with pytest.raises(DataError, match=rf"{said}.*ridge=1"):
        spec(*features).fit(rows_of(**columns))
    fitted = spec(*features, ridge=1.0).fit(rows_of(**columns))
    assert np.isfinite(fitted.score(rows_of(**columns)).values).all()


@pytest.mark.parametrize(
    ("won", "said"),
    [([], "none is decided"), ([None, None], "none is decided"), ([1], "all 1 decided are won"), ([0, 0], "are lost")],
)
def test_nothing_to_learn_from(won, said) -> None:
    """Rows that are all won, all lost, or not decided teach no regression; the error says which."""
    rows = rows_of(x=list(range(len(won))), won=won) if won else rows_of(x=np.zeros(0), won=np.zeros(0, np.int64))
    with pytest.raises(DataError, match=said):
        spec("x").fit(rows)


def test_there_and_back_as_json() -> None:
    """A regression that was written and read scores the same, with the same fingerprint, Chinese and blank values too."""
    rows = rows_of(**mixed())
    model = spec("source", "size", "vip").fit(rows)
    again = model.spec.load(model.to_json())

    assert again.score(rows).values.tolist() == model.score(rows).values.tolist()
    assert again.fingerprint == model.fingerprint
    assert again.coefficients.to_dict() == model.coefficients.to_dict()
    for text, said in (("{", "no JSON"), ("[]", "no fitted"), ("{}", "no fitted")):
        with pytest.raises(ArgumentError, match=said):
            model.spec.load(text)
    with pytest.raises(ArgumentError, match="another definition"):
        spec("source").load(model.to_json())
    broken = json.loads(model.to_json()) | {"terms": [{"feature": "source"}]}
    with pytest.raises(ArgumentError, match="no term"):
        model.spec.load(json.dumps(broken))


def test_batch_and_one_by_one() -> None:
    """A row scored alone has the score, and the parts, that it has among others."""
    rows = rows_of(**mixed(60, 2))
    scores = spec("source", "size").fit(rows).score(rows)
    model = spec("source", "size").fit(rows)
    for i in (0, 7, 59):
        alone = model.score(rows.at(np.array([i])))
        assert alone.values[0] == scores.values[i]
        assert alone.parts_of(np.array([0])).amounts.tolist() == scores.parts_of(np.array([i])).amounts.tolist()


def test_money_and_lengths_of_time() -> None:
    """Amounts of one currency and lengths of time are numbers; amounts in several currencies and dates are refused."""
    from datetime import UTC, datetime

    from crmcore.domain import Lead, Money

    def lead(i, currency):
        return Lead(
            i,
            created_at=datetime(2026, 1, 1 + i % 20, tzinfo=UTC),
            converted=i % 3 == 0,
            lost_at=None if i % 3 == 0 else datetime(2026, 3, 1, tzinfo=UTC),
            expected_amount=Money(100 + 7 * i % 90, currency),
        )

    def rows(*currencies):
        data = cc.Dataset(lead=[lead(i, currencies[i % len(currencies)]) for i in range(40)])
        return cc.Workspace().view(data).rows("lead")

    features = ["expected_amount", Feature(elapsed("created_at", as_of()), "age")]
    model = LogisticRegression(name="r", features=features).fit(rows("EUR"))
    assert [t.feature.name for t in model.terms] == ["expected_amount", "age"]
    with pytest.raises(CurrencyError, match="several currencies"):
        LogisticRegression(name="r", features=features).fit(rows("EUR", "USD"))
    with pytest.raises(DefinitionError, match="'created_at' is a date"):
        LogisticRegression(name="r", features=["created_at"]).fit(rows("EUR"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": []}, "has no features"),
        ({"features": ["x"], "ridge": -1}, "ridge"),
        ({"features": ["x"], "ridge": float("nan")}, "ridge"),
        ({"features": [Feature("x", split=";")]}, "split"),
        ({"features": ["won"]}, "says how"),
        ({"features": ["x"], "won": None}, "which rows of table 'case' are won"),
    ],
)
def test_wrong_definitions_are_refused(wrong, said) -> None:
    """An argument that means nothing is refused where it is given."""
    given = {"name": "r", "table": "case", "won": col("won") == 1, "lost": col("won") == 0}
    with pytest.raises((ArgumentError, DefinitionError), match=said):
        LogisticRegression(**(given | wrong))


def test_rows_that_cannot_be_weighed() -> None:
    """A missing column, another table, infinite numbers, a column of too many values: each an error of its own."""
    with pytest.raises(ColumnNotFound, match="'x'"):
        spec("x").fit(rows_of(hours=HOURS, won=PASSED))
    with pytest.raises(DefinitionError, match="learns from rows of 'lead'"):
        LogisticRegression(name="r", features=["source"]).fit(rows_of(hours=HOURS, won=PASSED))
    many = rows_of(code=[f"c{i}" for i in range(LEVELS + 1)], won=[i % 2 for i in range(LEVELS + 1)])
    with pytest.raises(DataError, match=r"1,001 values.*least=20"):
        spec("code").fit(many)
