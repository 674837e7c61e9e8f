"""Scikit-learn classifiers as scorers: calibration, reasons, time, and what goes wrong."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import permutations
from math import log

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

import crmcore as cc
import crmcore_sklearn
from crmcore.domain import Money
from crmcore.errors import ArgumentError, ColumnNotFound, CrmCoreError, CurrencyError, DataError, DefinitionError
from crmcore.scoring import Feature, Isotonic, evaluate
from crmcore_sklearn import Classifier, load, save
from crmcore_sklearn.reasons import contributions

START = datetime(2026, 1, 1, tzinfo=UTC)
SPLIT = datetime(2026, 2, 20, tzinfo=UTC)
SOURCES = ("web", "fair", "伙伴", "call", None)


def leads(n=400, seed=7):
    """Return leads as dicts; source and employees tell of the outcome, region does not."""
    rng = random.Random(seed)
    found = []
    for i in range(n):
        source = rng.choice(SOURCES)
        employees = rng.choice([None, *range(1, 200)])
        chance = 0.15 + 0.35 * (source == "伙伴") + 0.3 * ((employees or 60) > 120)
        won = rng.random() < chance
        decided = START + timedelta(hours=6 * i, days=rng.randrange(1, 9))
        found.append(
            {
                "id": f"l{i}",
                "source": source,
                "region": rng.choice(["EMEA", "APAC"]),
                "employees": employees,
                "created_at": START + timedelta(hours=6 * i),
                "converted": won if i % 11 else False,
                "converted_at": decided if won and i % 11 else None,
                "lost_at": None if won or not i % 11 else decided,
            }
        )
    return found


def dataset(n=400, seed=7):
    """Return the leads as a dataset; one in eleven is not decided."""
    return cc.Dataset(lead=leads(n, seed))


FEATURES = ("source", "region", "employees")


def spec(model=None, **more):
    """Return a definition on the leads."""
    given = {"name": "lead_win", "features": FEATURES, "model": LogisticRegression() if model is None else model}
    return Classifier(**(given | more))


def fitted(model=None, data=None, **more):
    """Return a scorer."""
    return cc.Workspace().fit(spec(model, **more), dataset() if data is None else data)


def decided(rows):
    """Return those won or lost, in the order of their ids, and which were won."""
    kept = sorted((r for r in rows if r["converted"] or r["lost_at"]), key=lambda r: r["id"])
    return kept, np.array([r["converted"] for r in kept])


def matrix(rows):
    """Return leads as the classifier reads them, in plain Python: a column per value, the most frequent first."""
    learned, _ = decided(leads())
    known = sorted(r["employees"] for r in learned if r["employees"] is not None)
    median = float(np.median(known))
    columns = []
    for name in ("source", "region"):
        counts = Counter(r[name] for r in learned)
        order = sorted(counts, key=lambda v: (-counts[v], v is None, str(v)))
        columns += [[float(r[name] == v) for r in rows] for v in order]
    spread = float(np.std(known))
    columns.append([0.0 if r["employees"] is None else (r["employees"] - median) / spread for r in rows])
    columns.append([float(r["employees"] is None) for r in rows])
    return np.array(columns).T


@pytest.mark.parametrize("model", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=15), GaussianNB()])
def test_scores_are_those_of_scikit_learn(model) -> None:
    """Folds, training and isotonic regression, all by scikit-learn itself: the probabilities agree to 1e-9."""
    rows, won = decided(leads())
    x = matrix(rows)
    model = clone(model)
    if "random_state" in model.get_params():
        model.set_params(random_state=0)

    def margin(m, part):
        return m.decision_function(part) if hasattr(m, "decision_function") else m.predict_proba(part)[:, 1]

    held = np.zeros(len(rows))
    for train, test in StratifiedKFold(5).split(x, won):
        held[test] = margin(clone(model).fit(x[train], won[train]), x[test])
    least = 1 / (len(rows) + 2)
    isotonic = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip").fit(np.round(held, 10), won)
    expected = isotonic.predict(np.round(margin(clone(model).fit(x, won), matrix(leads())), 10))
    found = cc.Workspace().score(fitted(model), dataset()).values

    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert len(set(found.tolist())) > 5


@pytest.mark.parametrize("seed", range(20))
def test_isotonic_calibration_is_that_of_scikit_learn(seed) -> None:
    """On random scores with ties, the curve of core and of scikit-learn agree everywhere, inside and outside."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=200), int(rng.integers(0, 4)))
    won = rng.random(200) < 1 / (1 + np.exp(-scores))
    asked = np.concatenate([scores, np.linspace(-5, 5, 301)])
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, won).predict(asked)

    assert Isotonic.fitted(scores, won).at(asked) == pytest.approx(theirs, abs=1e-12)


def test_without_calibration() -> None:
    """folds=0: the classifier's own probabilities."""
    rows, won = decided(leads())
    model = LogisticRegression(random_state=0).fit(matrix(rows), won)
    found = cc.Workspace().score(fitted(folds=0), dataset()).values

    assert found == pytest.approx(model.predict_proba(matrix(leads()))[:, 1], rel=1e-8)


def test_calibrated_probabilities_come_true() -> None:
    """A forest that memorises is overconfident on later leads; calibrated, its Brier score and log loss are lower."""
    ws, data = cc.Workspace(), dataset(1500, seed=5)
    model = RandomForestClassifier(30)
    split = START + timedelta(days=250)
    own = ws.evaluate_scorer(spec(model, folds=0), data, split=split)
    calibrated = ws.evaluate_scorer(spec(model), data, split=split)

    assert calibrated.fact("trained_on") == own.fact("trained_on") > 800
    for measure in ("brier", "log_loss", "calibration_error"):
        assert calibrated.fact(measure) < own.fact(measure)


def test_reasons_are_shapley_values() -> None:
    """Of a function of four features: the mean, over all orders, of what each adds when its turn comes."""
    rng = np.random.default_rng(1)
    x, usual = rng.normal(size=(6, 5)), rng.normal(size=5)
    owners = np.array([0, 1, 1, 2, 3])

    def function(rows):
        return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2] + rows[:, 3]) + np.abs(rows[:, 4] * rows[:, 0])

    found = contributions(function, x, usual, owners, 4, 2)
    for i in range(6):
        expected = np.zeros(4)
        for order in permutations(range(4)):
            row = usual.copy()
            before = function(row[None])[0]
            for j in order:
                row[owners == j] = x[i, owners == j]
                after = function(row[None])[0]
                expected[j] += (after - before) / 24
                before = after
        assert found[i] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("orders", [1, 2, 5, 40])
def test_reasons_of_many_features_add_up(orders) -> None:
    """Beyond six features orders are sampled: they add up whatever their number, and a feature that does nothing gets 0."""
    rng = np.random.default_rng(2)
    x, usual = rng.normal(size=(9, 8)), np.zeros(8)

    def function(rows):
        return rows[:, 0] * rows[:, 1] * rows[:, 2] + rows[:, 3] - rows[:, 4] ** 2 + rows[:, 5] * rows[:, 6]

    found = contributions(function, x, usual, np.arange(8), 8, orders)

    assert found.sum(1) == pytest.approx(function(x), abs=1e-12)
    assert found[:, 7] == pytest.approx(0, abs=1e-12)
    assert found[:, 3] == pytest.approx(x[:, 3], abs=1e-12)


def test_reasons_of_a_logistic_regression() -> None:
    """Without calibration a reason is coefficient x (value - typical value), which Shapley values of a sum are."""
    rows, won = decided(leads())
    model = LogisticRegression(random_state=0).fit(matrix(rows), won)
    scores = cc.Workspace().score(fitted(folds=0), dataset())
    x, usual = matrix(leads()), np.zeros(9)
    usual[[0, 5]] = 1.0
    by_column = (x - usual) * model.coef_[0]
    expected = np.stack([by_column[:, :5].sum(1), by_column[:, 5:7].sum(1), by_column[:, 7:].sum(1)], 1)

    assert scores.parts == pytest.approx(expected, abs=1e-7)
    assert scores.base == pytest.approx(model.intercept_[0] + usual @ model.coef_[0], abs=1e-8)


def test_a_blank_counts_where_blanks_were_learned_from() -> None:
    """A lead without employees gets what such leads taught; only a blank that gives nothing is called missing."""
    scores = cc.Workspace().score(fitted(folds=0), dataset())
    for name in ("employees", "source"):
        because = [
            next(b for b in s.reasons if b.reason.name == name)
            for s, r in zip(scores, leads(), strict=True)
            if r[name] is None
        ]
        assert because
        assert all(b.amount and not b.missing for b in because)


def test_rows_in_another_order_teach_the_same() -> None:
    """The same leads in another order: the same fingerprint, and the same scores to the last bit."""
    rows = leads()
    mixed = rows[:]
    random.Random(3).shuffle(mixed)
    for model in (HistGradientBoostingClassifier(max_iter=10), RandomForestClassifier(10)):
        one, other = fitted(model), fitted(model, cc.Dataset(lead=mixed))
        assert one.fingerprint == other.fingerprint
        ws = cc.Workspace()
        assert (ws.score(one, dataset()).values == ws.score(other, dataset()).values).all()


def test_undecided_rows_teach_nothing() -> None:
    """R5: fitted on all rows as they stand, or on the decided ones alone, a scorer learns the same."""
    every, some = dataset(), cc.Dataset(lead=decided(leads())[0])
    found = [spec().fit(cc.Workspace().view(data).rows("lead")) for data in (every, some)]

    assert len(every["lead"]) > len(some["lead"]) == found[0].facts["n"]
    assert found[0].fingerprint == found[1].fingerprint


def test_versions_differ_where_something_does() -> None:
    """Another revision, parameter, seed or row: another fingerprint."""
    found = [
        fitted(), fitted(revision=2), fitted(LogisticRegression(C=0.5)), fitted(seed=1), fitted(data=dataset(399)),
        fitted(features=("source", "employees")), fitted(folds=4),
    ]  # fmt: skip
    assert len({f.fingerprint for f in found}) == len(found)
    rows = leads()
    turned = next(r for r in rows if r["converted"])
    turned |= {"converted": False, "converted_at": None, "lost_at": turned["converted_at"]}
    assert fitted(folds=0).fingerprint != fitted(folds=0, data=cc.Dataset(lead=rows)).fingerprint
    scores = cc.Workspace().score(found[1], dataset())
    assert (scores.revision, scores.fingerprint) == (2, found[1].fingerprint)


def test_the_model_given_stays_as_it_is() -> None:
    """The caller's classifier is cloned: it is not trained, and its random_state stays None."""
    model = RandomForestClassifier(5)
    fitted(model)
    assert model.random_state is None
    assert not hasattr(model, "estimators_")
    assert fitted(RandomForestClassifier(5)).model.random_state == 0
    assert fitted(RandomForestClassifier(5, random_state=9), seed=3).model.random_state == 9


def test_it_is_judged_on_what_came_later() -> None:
    """A split in time trains anew on the rows decided before; outcomes turned round later change the judgement only."""
    ws = cc.Workspace()
    rows = leads()
    turned = [
        {**r, "converted": not r["converted"], "converted_at": r["lost_at"], "lost_at": r["converted_at"]}
        if (r["converted_at"] or r["lost_at"] or START) > SPLIT else r
        for r in rows
    ]  # fmt: skip
    model = HistGradientBoostingClassifier(max_iter=20)
    one = ws.evaluate_scorer(spec(model), dataset(), split=SPLIT)
    other = ws.evaluate_scorer(fitted(model), cc.Dataset(lead=turned), split=SPLIT)

    assert one.fact("trained_on") == sum(bool(r["converted_at"] or r["lost_at"]) and (r["converted_at"] or r["lost_at"]) <= SPLIT for r in rows)  # fmt: skip
    assert one.fact("roc_auc") > 0.65
    assert other.fact("roc_auc") == pytest.approx(1 - one.fact("roc_auc"), abs=1e-12)


@pytest.mark.parametrize("column", ["converted_at", "lost_reason", "status", "converted"])
def test_leaked_columns_are_refused(column) -> None:
    """What the outcome fills or changes is no feature."""
    with pytest.raises(DefinitionError, match=f"cannot learn from '{column}'"):
        spec(features=["source", column])


def test_a_planted_leak_is_blank_when_it_teaches() -> None:
    """A first contact dated after the decision is not seen: it would tell won from lost at once."""
    rows = [
        {**r, "first_contact_at": r["converted_at"] + timedelta(days=1) if r["converted_at"] else None} for r in leads()
    ]
    feature = Feature(cc.col("first_contact_at").not_null(), "contacted")
    with pytest.raises(DataError, match="contacted are the same in all"):
        fitted(features=[feature], data=cc.Dataset(lead=rows))


def test_saved_and_read(tmp_path) -> None:
    """A scorer read from its file gives the same scores and reasons; a workspace finds it by name."""
    scorer = fitted(HistGradientBoostingClassifier(max_iter=10), labels={"en": "Win", "zh": "赢单"})
    path = tmp_path / "线索.model"
    digest = save(scorer, path)
    ws = cc.Workspace(plugins=[crmcore_sklearn],
                      config={"sklearn": {"models": {str(path): digest}}})  # fmt: skip
    here, there = cc.Workspace().score(scorer, dataset()), ws.score("lead_win", dataset())

    assert load(path, sha256=digest).fingerprint == scorer.fingerprint
    assert here.to_dict() == there.to_dict()
    assert "赢单" in str(there.told("zh"))


class Bomb:
    """What does something when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("it was run",))


def test_other_files_are_not_run(tmp_path) -> None:
    """A file that was changed, replaced or is not there is refused before anything of it is run."""
    path = tmp_path / "m"
    digest = save(fitted(), path)
    good = path.read_bytes()
    path.write_bytes(good.partition(b"\n")[0] + b"\n" + pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="nothing of it was run"):
        load(path, sha256=digest)
    path.write_bytes(good[:-1] + b"\x00")
    with pytest.raises(DataError, match="is not the file that is meant"):
        load(path, sha256=digest)
    with pytest.raises(DataError, match="no scorer can be read from"):
        load(tmp_path / "none", sha256=digest)
    with pytest.raises(CrmCoreError, match="is not the file that is meant"):
        cc.Workspace(plugins=[crmcore_sklearn], config={"sklearn": {"models": {str(path): digest}}})
    with pytest.raises(ArgumentError, match=r"save\(\) takes a scorer"):
        save("scorer", path)


def test_files_of_other_kinds_and_versions(tmp_path, monkeypatch) -> None:
    """A file without the format, and one of another scikit-learn, are refused with what to do."""
    path = tmp_path / "m"
    path.write_bytes(b"hello\n" + pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="says no format"):
        load(path, sha256=sha256(path.read_bytes()).hexdigest())
    digest = save(fitted(), path)
    monkeypatch.setattr("sklearn.__version__", "99.0")
    with pytest.raises(DataError, match=r"and 99.0 is installed.*fit the scorer anew"):
        load(path, sha256=digest)


def test_scikit_learn_is_imported_late() -> None:
    """Importing the plugin, and building a workspace with it, loads neither scikit-learn nor scipy."""
    program = (
        "import sys, crmcore as cc, crmcore_sklearn; cc.Workspace(plugins=[crmcore_sklearn]);"
        "print([m for m in ('sklearn', 'scipy', 'crmcore_sklearn.classifier') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_values_never_seen_and_rare_ones() -> None:
    """A value never seen is like no value that was; with `least` it is like the rare ones."""
    rows = leads()
    rows[0]["source"] = rows[1]["source"] = "rare"
    data = cc.Dataset(lead=rows)
    pooled = fitted(data=data, features=[Feature("source", least=20), "employees"])
    names = pooled.inputs.names
    new = cc.Dataset(lead=[{"id": i, "source": s, "employees": 50} for i, s in enumerate(["rare", "火星", "web"])])
    found = cc.Workspace().score(pooled, new).values.tolist()

    assert "source = (other)" in names
    assert "source = rare" not in names
    assert found[0] == found[1]
    read = pooled.inputs.matrix(cc.Workspace().view(new).rows("lead"))
    assert read[:, names.index("source = (other)")].tolist() == [1.0, 1.0, 0.0]
    apart = fitted(data=data, features=["source", "employees"])
    assert cc.Workspace().score(apart, new).defined.all()


def test_probabilities_end_before_0_and_1() -> None:
    """A classifier that is certain is believed up to 1 / (n + 2), so that the reasons stay finite."""
    rows = [{**r, "employees": 500 if r["converted"] else 1} for r in leads()]
    scorer = fitted(HistGradientBoostingClassifier(), cc.Dataset(lead=rows))
    n = scorer.facts["n"]
    scores = cc.Workspace().score(scorer, cc.Dataset(lead=rows))

    assert (scores.values.min(), scores.values.max()) == pytest.approx((1 / (n + 2), 1 - 1 / (n + 2)))
    assert scores.top(1).each()[0].reasons[0].reason.name == "employees"
    assert abs(scores.parts).max() < 2 * log(n + 2)


def alone(outcome):
    """Return leads that all came out alike."""
    return cc.Dataset(lead=[{**r, "converted": outcome, "lost_at": None if outcome else START} for r in leads(30)])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: spec(LogisticRegression), ArgumentError, "give an object"),
        (lambda: spec(LinearRegression()), ArgumentError, "is a scikit-learn classifier"),
        (lambda: spec("forest"), ArgumentError, "is a scikit-learn classifier"),
        (lambda: spec(Perceptron(), folds=0), ArgumentError, "gives no probabilities; with folds=5"),
        (lambda: spec(folds=1), ArgumentError, "folds is 0, or at least 2"),
        (lambda: spec(folds=-1), ArgumentError, "folds is a whole number"),
        (lambda: spec(features=[]), ArgumentError, "has no features"),
        (lambda: spec(features=[Feature("source", split=";")]), DefinitionError, "only naive Bayes"),
        (lambda: spec(name="lead win"), DefinitionError, "no snake_case name"),
        (lambda: spec(table="order"), ArgumentError, "which rows of table 'order' are won"),
        (lambda: fitted(features=["sauce"]), ColumnNotFound, "sauce"),
        (lambda: fitted(features=["created_at"]), DefinitionError, "is a date"),
        (lambda: fitted(data=alone(True)), DataError, "all 30 decided rows are won"),
        (lambda: fitted(data=alone(False)), DataError, "all 30 decided rows are lost"),
        (lambda: fitted(data=cc.Dataset(lead=[])), CrmCoreError, "no decided row|created_at|lost_at|converted"),
        (lambda: fitted(data=dataset(1)), DataError, "decided row"),
        (lambda: fitted(data=dataset(8)), DataError, "too few for 5 folds"),
        (lambda: fitted(features=[cc.col("source").is_null() & cc.col("source").not_null()]), DataError, "tell nothing"),
        (lambda: fitted(LogisticRegression(C=-1)), DataError, "LogisticRegression cannot be trained"),
        (lambda: fitted(raw=True), DataError, "cannot be trained"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(call, error, said) -> None:
    """What means nothing is refused where it is given; what teaches nothing says why."""
    with pytest.raises(error, match=said):
        call()


def test_rows_of_another_table_and_currency() -> None:
    """Rows of another table, and amounts in several currencies without rates, are refused (M2)."""
    ws = cc.Workspace()
    with pytest.raises(DefinitionError, match="learns from rows of 'lead'"):
        spec().fit(ws.view(cc.Dataset(account=[{"id": 1}])).rows("account"))
    deals = [
        {"id": i, "outcome": ("won", "lost")[i % 2], "closed_at": START, "amount": Money(i + 1, ("EUR", "USD")[i % 2])}
        for i in range(40)
    ]
    one = Classifier(name="deal_win", table="opportunity", model=LogisticRegression(), features=["amount"])
    with pytest.raises(CurrencyError):
        ws.fit(one, cc.Dataset(opportunity=deals))


def test_evaluation_of_arrays_agrees() -> None:
    """What evaluate() says of the scores and outcomes is what scikit-learn's own functions say."""
    rows, won = decided(leads())
    scores = cc.Workspace().score(fitted(), cc.Dataset(lead=rows)).values
    found = evaluate(scores, won)

    assert found.fact("roc_auc") == pytest.approx(roc_auc_score(won, scores), abs=1e-12)
    assert found.fact("brier") == pytest.approx(brier_score_loss(won, scores), abs=1e-12)
    assert found.fact("log_loss") == pytest.approx(log_loss(won, scores), abs=1e-12)
