"""Evaluation: every measure against vectors, plain Python and its laws; undefined is undefined."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import permutations
from math import inf, isnan, log, sqrt

import numpy as np
import pytest

from crmcore.errors import ArgumentError
from crmcore.scoring.calibration import (
    brier,
    calibration_curve,
    calibration_error,
    log_loss,
    murphy,
    probability_of,
    spiegelhalter_z,
)
from crmcore.scoring.discrimination import average_precision, gain, gini, ks, roc_auc
from crmcore.scoring.evaluation import evaluate
from crmcore.scoring.isotonic import Isotonic, pool_adjacent
from crmcore.scoring.tally import tally

ALL = [roc_auc, gini, ks, average_precision, brier, murphy, log_loss, calibration_error, spiegelhalter_z]


def test_vector_metrics(vector) -> None:
    """Brier, log loss, AUC with and without ties, average precision and the reliability curve of the published vector."""
    v = vector("score-metrics")
    given, expected, close = v["input"], v["expected"], v["tolerance"]

    def of(measure, name, **more):
        outcome, scores = given[name]
        return measure(scores, outcome, **more)

    curve = of(calibration_curve, "calibration", bins=3)
    found = {
        "brier": of(brier, "brier"),
        "logloss": of(log_loss, "logloss"),
        "auc": of(roc_auc, "auc"),
        "average_precision": of(average_precision, "auc"),
        "auc_ties": of(roc_auc, "auc_ties"),
    }
    assert found == pytest.approx({k: expected[k] for k in found}, abs=close)
    assert curve.came.tolist() == pytest.approx(expected["prob_true"], abs=close)
    assert curve.predicted.tolist() == pytest.approx(expected["prob_pred"], abs=close)


def test_vector_brier_decomposition(vector) -> None:
    """Reliability, resolution, uncertainty, calibration error and z of the published vector."""
    v = vector("score-brier-decomposition")
    p, y, expected = v["input"]["p"], v["input"]["y"], v["expected"]
    parts = murphy(p, y)
    found = {
        "brier": brier(p, y),
        "reliability": parts.reliability,
        "resolution": parts.resolution,
        "uncertainty": parts.uncertainty,
        "ece": calibration_error(p, y),
        "spiegelhalter_z": spiegelhalter_z(p, y),
    }
    assert found == pytest.approx(expected, abs=v["tolerance"])


def test_vector_gain_and_lift(vector) -> None:
    """Gain, lift, KS, AUC and Gini of the published vector."""
    v = vector("score-gain-lift")
    score, y, expected, close = v["input"]["score"], v["input"]["y"], v["expected"], v["tolerance"]
    q = gain(score, y, quantiles=v["input"]["bins"])

    assert q.captured.tolist() == expected["cum_captured"]
    assert q.gain.tolist() == pytest.approx(expected["gain"], abs=close)
    assert q.lift.tolist() == pytest.approx(expected["lift"], abs=close)
    assert (ks(score, y), roc_auc(score, y), gini(score, y)) == pytest.approx(
        (expected["ks"], expected["auc"], expected["gini"]), abs=close
    )


def test_vector_isotonic(vector) -> None:
    """Pool adjacent violators of the published vector."""
    v = vector("score-isotonic")
    assert pool_adjacent(v["input"]["y"]).tolist() == pytest.approx(v["expected"], abs=v["tolerance"])


def rows(n, seed, levels=7):
    """Return scores with many ties, as tenths of `levels` classes, and outcomes that go with them."""
    dice = random.Random(seed)
    scores = [dice.randint(1, levels) / (levels + 1) for _ in range(n)]
    return scores, [dice.random() < s for s in scores]


@pytest.mark.parametrize("seed", range(5))
def test_auc_is_the_share_of_pairs(seed) -> None:
    """AUC is the share of pairs of a positive and a negative in which the positive is above, equal ones half."""
    scores, won = rows(60, seed)
    pairs = [
        Fraction(1) if a > b else Fraction(1, 2) if a == b else Fraction(0)
        for a, x in zip(scores, won, strict=True)
        if x
        for b, y in zip(scores, won, strict=True)
        if not y
    ]
    assert roc_auc(scores, won) == float(sum(pairs) / len(pairs))


@pytest.mark.parametrize("seed", range(5))
def test_measures_in_plain_python(seed) -> None:
    """Brier, log loss, KS, average precision and z by their formulas, row by row."""
    p, won = rows(80, seed)
    y = [int(w) for w in won]
    n, k = len(y), sum(y)
    both = list(zip(p, y, strict=True))
    apart = [abs(sum(y for s, y in both if s <= t) / k - sum(1 - y for s, y in both if s <= t) / (n - k)) for t in p]
    steps = sorted(set(p), reverse=True)
    recall = [0.0, *(sum(y for s, y in both if s >= t) / k for t in steps)]
    precision = [sum(y for s, y in both if s >= t) / sum(s >= t for s in p) for t in steps]

    assert brier(p, won) == pytest.approx(sum((s - y) ** 2 for s, y in both) / n, rel=1e-12)
    assert log_loss(p, won) == pytest.approx(-sum(log(s if y else 1 - s) for s, y in both) / n, rel=1e-12)
    assert ks(p, won) == pytest.approx(max(apart), rel=1e-12)
    assert average_precision(p, won) == pytest.approx(
        sum((b - a) * q for a, b, q in zip(recall, recall[1:], precision, strict=False)), rel=1e-12
    )
    assert spiegelhalter_z(p, won) == pytest.approx(
        sum((y - s) * (1 - 2 * s) for s, y in both) / sqrt(sum((1 - 2 * s) ** 2 * s * (1 - s) for s, _ in both)),
        rel=1e-12,
    )


@pytest.mark.parametrize("seed", range(5))
def test_murphy_adds_up(seed) -> None:
    """Brier = reliability - resolution + uncertainty, and no part is negative."""
    p, won = rows(50, seed)
    parts = murphy(p, won)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier(p, won), abs=1e-15)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


def test_ties_at_a_cut_are_shared() -> None:
    """The gain is the mean over all orders of the rows with equal scores, cut by cut."""
    scores, won = [3, 2, 2, 2, 1, 0], [1, 1, 0, 1, 0, 1]
    order = [0, 1, 2, 3, 4, 5]
    sums = [0, 0, 0]
    for tied in permutations([1, 2, 3]):
        placed = [order[0], *tied, *order[4:]]
        for i in range(3):
            sums[i] += sum(won[r] for r in placed[: 2 * (i + 1)])
    q = gain(scores, won, quantiles=3)

    assert q.captured.tolist() == pytest.approx([s / 6 for s in sums], rel=1e-12)
    assert q.low.tolist() == [2, 2, 0]
    assert q.rows.tolist() == [2, 2, 2]


def test_parts_of_rows_that_do_not_divide() -> None:
    """Five rows in two parts are two and a half each; the middle row is shared."""
    q = gain([5, 4, 3, 2, 1], [1, 0, 1, 0, 0], quantiles=2)
    assert (q.rows.tolist(), q.positives.tolist(), q.low.tolist()) == ([2.5, 2.5], [1.5, 0.5], [3, 1])


def test_the_order_of_rows_never_matters() -> None:
    """Every measure of the same rows in another order is the same to the last bit."""
    scores, won = rows(200, 4, levels=23)
    first = evaluate(scores, won)
    dice = random.Random(1)
    for _ in range(5):
        order = dice.sample(range(200), 200)
        again = evaluate([scores[i] for i in order], [won[i] for i in order])
        assert again.to_dict() == first.to_dict()
        assert again.calibration.to_dict() == first.calibration.to_dict()


def test_tallies_add_up() -> None:
    """The tallies of two sets of rows add up to that of both, and give the same measures."""
    scores, won = rows(100, 9)
    parts = tally(scores[:37], won[:37]) + tally(scores[37:], won[37:])
    whole = tally(scores, won)

    assert [a.tolist() for a in (parts.scores, parts.rows, parts.positives)] == [
        a.tolist() for a in (whole.scores, whole.rows, whole.positives)
    ]
    assert [m(parts) for m in ALL] == [m(scores, won) for m in ALL]


def test_turned_round() -> None:
    """Scores turned round have AUC 1 - AUC, the same KS, and scores of any rising scale the same AUC."""
    scores, won = rows(80, 2)
    assert roc_auc([-s for s in scores], won) == pytest.approx(1 - roc_auc(scores, won), abs=1e-15)
    assert ks([-s for s in scores], won) == pytest.approx(ks(scores, won), abs=1e-15)
    assert roc_auc([s**3 * 1000 for s in scores], won) == roc_auc(scores, won)


def test_scores_that_tell_nothing() -> None:
    """Equal scores have AUC 1/2, Gini 0, KS 0 and a lift of 1 in every part."""
    won = [True, False, False, True, False]
    assert (roc_auc([1] * 5, won), gini([1] * 5, won), ks([1] * 5, won)) == (0.5, 0.0, 0.0)
    assert gain([1] * 5, won, quantiles=5).lift == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("won", [[], [True], [False], [True] * 5, [False] * 5])
def test_one_class_only_is_undefined(won) -> None:
    """R2: without a positive and a negative AUC, Gini and KS are undefined, with a reason, and never 0."""
    found = evaluate([0.5] * len(won), won)
    for name in ("roc_auc", "gini", "ks"):
        assert found.fact(name) is None
        assert found.reasons[name]["en"]
        assert found.reasons[name]["zh"]
    expected = "no row" if not won else "positive" if won[0] else "negative"
    assert expected in found.reasons["roc_auc"]["en"]
    assert ("brier" in found.reasons) == (not won)
    assert json.loads(found.to_json())["facts"]["roc_auc"] is None
    assert "Undefined, as" in str(found)


def test_points_have_no_brier_score() -> None:
    """Scores outside 0 to 1 are points: what is of probabilities is undefined and says so; discrimination is defined."""
    found = evaluate([10, 20, 30, 40], [0, 0, 1, 1])
    assert (found.fact("roc_auc"), found.fact("brier")) == (1.0, None)
    assert "points" in found.reasons["brier"]["en"]
    assert len(found.calibration) == 0
    assert len(evaluate([0.1, 0.9], [0, 1]).calibration) == 2
    assert evaluate([0.1, 0.9], [0, 1], probabilities=False).fact("brier") is None
    with pytest.raises(ArgumentError, match=r"between 10\.0 and 40\.0"):
        evaluate([10, 20, 30, 40], [0, 0, 1, 1], probabilities=True)


def test_certain_and_wrong() -> None:
    """A probability of 0 of what came makes the log loss infinite: a function says inf, a result that it is undefined."""
    assert log_loss([0.0, 0.5], [1, 0]) == inf
    assert log_loss([1.0, 0.5], [0, 1]) == inf
    assert log_loss([0.0, 1.0], [0, 1]) == 0.0
    found = evaluate([0.0, 0.5], [1, 0])
    assert found.fact("log_loss") is None
    assert "infinite" in found.reasons["log_loss"]["en"]
    assert "certain" not in found.reasons["log_loss"]["en"]
    assert spiegelhalter_z([0.0, 0.5, 1.0], [0, 1, 1]) is None
    assert "1/2" in evaluate([0.0, 0.5, 1.0], [0, 1, 1]).reasons["spiegelhalter_z"]["en"]


def test_left_out_rows_are_counted() -> None:
    """R5: rows without a score or without an outcome take no part, and facts count them."""
    nan = float("nan")
    found = evaluate([0.9, None, 0.4, nan, 0.2], [1, 1, None, 0, 0])
    assert {n: found.fact(n) for n in ("n", "positives", "without_score", "undecided", "roc_auc")} == {
        "n": 2, "positives": 1, "without_score": 2, "undecided": 1, "roc_auc": 1.0,
    }  # fmt: skip
    assert evaluate(np.array([0.9, 0.1]), np.array([1.0, nan])).fact("undecided") == 1


def test_in_chinese() -> None:
    """Headings, facts and notes are there in Chinese too."""
    text = str(evaluate([0.2, 0.4], [1, 1]).told("zh"))
    assert "正例占比" in text
    assert "无定义（全部样本均为正例）：AUC、基尼系数、KS统计量" in text
    assert evaluate([0.2, 0.4], [1, 0]).told("zh").calibration.language == "zh"


@pytest.mark.parametrize(
    ("scores", "won", "said"),
    [
        ([1, 2], [1], "one outcome per score"),
        ([0.5, float("nan")], [1, 0], "scores\\[1\\] is nan"),
        ([0.5, inf], [1, 0], "scores\\[1\\] is inf"),
        ([0.5, "x"], [1, 0], "'x'"),
        ([[0.5]], [1], "one number per row"),
        ([0.5], [2], "outcome\\[0\\] is 2"),
        ([0.5], ["won"], "outcome\\[0\\] is 'won'"),
        ([0.5], [[1]], "one per row"),
        ([0.5], None, "judged by outcomes"),
    ],
)
def test_wrong_rows_are_refused(scores, won, said) -> None:
    """What is no score or no outcome is refused, with its place."""
    with pytest.raises(ArgumentError, match=said):
        roc_auc(scores, won)


def test_wrong_choices_are_refused() -> None:
    """Parts, classes, probabilities, weights: refused with what would be right."""
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(ArgumentError, match="quantiles is a whole number"):
            gain([1], [1], quantiles=wrong)
        with pytest.raises(ArgumentError, match="bins is a whole number"):
            calibration_curve([1], [1], bins=wrong)
    for wrong in ([1.5], [-0.1]):
        with pytest.raises(ArgumentError, match="between 0 and 1"):
            brier(wrong, [1])
    with pytest.raises(ArgumentError, match="one outcome per score"):
        evaluate([1, 2, 3], [1])
    with pytest.raises(ArgumentError, match="'x'"):
        evaluate(["x"], [1])
    with pytest.raises(ArgumentError, match="of one length"):
        pool_adjacent([1, 2], [1])
    with pytest.raises(ArgumentError, match="weights are above 0"):
        pool_adjacent([1, 2], [1, 0])


def test_empty() -> None:
    """R2: over no rows every measure is undefined, and the parts are empty."""
    assert [m([], []) for m in ALL] == [None] * len(ALL)
    q = gain([], [], quantiles=2)
    assert q.rows.tolist() == [0, 0]
    assert all(isnan(x) for x in q.gain)
    assert len(evaluate([], [])) == 10


def test_isotonic_is_the_nearest_rising_sequence() -> None:
    """Among all rising sequences on a grid none is nearer; the weighted sum is kept."""
    y, w = [0.25, 0.0, 0.75, 0.5], [1, 3, 1, 1]
    fitted = pool_adjacent(y, w)
    grid = np.linspace(0, 1, 17)
    best = min(
        sum(b * (a - x) ** 2 for a, b, x in zip(y, w, c, strict=True))
        for c in ((a, b, c, d) for a in grid for b in grid if b >= a for c in grid if c >= b for d in grid if d >= c)
    )
    assert sum(b * (a - x) ** 2 for a, b, x in zip(y, w, fitted, strict=True)) <= best + 1e-12
    assert float(np.dot(fitted, w)) == pytest.approx(float(np.dot(y, w)))
    assert bool((np.diff(fitted) >= 0).all())


def test_calibrated_probabilities() -> None:
    """Calibrated on rows, the mean of the probabilities is the share that came, and reliability is 0 or near it."""
    scores, won = rows(300, 6, levels=40)
    c = Isotonic.fitted([s * 100 for s in scores], won)
    p = c.at([s * 100 for s in scores])

    assert p.mean() == pytest.approx(np.mean(won))
    assert murphy(p, won).reliability == pytest.approx(0, abs=1e-12)
    assert roc_auc(p, won) >= roc_auc(scores, won) - 1e-12
    assert (c.at([-1e9])[0], c.at([1e9])[0]) == (c.values[0], c.values[-1])
    assert isnan(c.at([float("nan")])[0])
    again = Isotonic.from_dict(json.loads(json.dumps(c.to_dict())))
    assert again.at(scores).tolist() == c.at(scores).tolist()


def test_calibration_has_bounds() -> None:
    """`least` keeps probabilities away from 0 and 1; calibrating on nothing, or a falling table, is refused."""
    assert Isotonic.fitted([1, 2], [0, 1], least=0.1).at([1, 2]).tolist() == [0.1, 0.9]
    with pytest.raises(ArgumentError, match="nothing to calibrate"):
        Isotonic.fitted([], [])
    with pytest.raises(ArgumentError, match=r"below 0\.5"):
        Isotonic.fitted([1], [1], least=0.5)
    for wrong in (
        {"knots": [], "values": []},
        {"knots": [1, 2], "values": [0.5, 0.4]},
        {"knots": [2, 1], "values": [0, 1]},
    ):
        with pytest.raises(ArgumentError, match="as many values as knots"):
            Isotonic.from_dict(wrong)


def test_probability_of_log_odds() -> None:
    """1 / (1 + exp(-x)), without overflow at either end."""
    found = probability_of(np.array([0.0, 1000.0, -1000.0, log(3), float("nan")])).tolist()
    assert found[:4] == pytest.approx([0.5, 1.0, 0.0, 0.75])
    assert isnan(found[4])
