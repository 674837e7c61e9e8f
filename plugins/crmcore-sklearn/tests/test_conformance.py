"""The scorers and the plugin through the suites that every one has to pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import ClassVar

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

import crmcore as cc
import crmcore_sklearn
from crmcore.testing import PluginSuite, ScorerSuite
from crmcore_sklearn import Classifier, save

START = datetime(2026, 1, 1, tzinfo=UTC)


def dataset(n):
    """Return leads: every third value of a column is its own kind of odd, one lead in eleven is not decided."""
    found = []
    for i in range(n):
        won, decided = i % 11 and i % (2 + i % 3) == 0, START + timedelta(hours=6 * i, days=3)
        found.append(
            {
                "id": f"l{i}",
                "source": ("web", "伙伴", None)[i % 3],
                "region": ("EMEA", "APAC", "APAC", "LATAM")[i % 4],
                "employees": i * 37 % 101 if i % 5 else None,
                "created_at": START + timedelta(hours=6 * i),
                "converted": bool(won),
                "converted_at": decided if won else None,
                "lost_at": decided if i % 11 and not won else None,
            }
        )
    return cc.Dataset(lead=found)


PIPELINE = make_pipeline(
    ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore"), [0, 1]),
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [2]),
        ]
    ),
    LogisticRegression(),
)
MODELS = {
    "logistic": (LogisticRegression(), {}),
    "boosting": (HistGradientBoostingClassifier(max_iter=15), {}),
    "forest": (RandomForestClassifier(20), {}),
    "distances": (LinearSVC(), {}),
    "uncalibrated": (LogisticRegression(), {"folds": 0}),
    "pipeline": (PIPELINE, {"raw": True}),
}


@cache
def fitted(which):
    """Return a scorer, trained once."""
    model, more = MODELS[which]
    spec = Classifier(
        name="lead_win",
        model=model,
        features=["source", "region", "employees"],
        labels={"en": "Chance to convert", "zh": "转化概率"},
        **more,
    )
    return cc.Workspace().fit(spec, dataset(200))


class _Suite(ScorerSuite):
    __test__ = False
    which: ClassVar[str]

    @property
    def scorer(self):
        return fitted(self.which)

    def data(self):
        return dataset(18)


class TestLogistic(_Suite):
    __test__ = True
    which = "logistic"


class TestBoosting(_Suite):
    __test__ = True
    which = "boosting"


class TestForest(_Suite):
    __test__ = True
    which = "forest"


class TestDistances(_Suite):
    __test__ = True
    which = "distances"


class TestUncalibrated(_Suite):
    __test__ = True
    which = "uncalibrated"


class TestPipeline(_Suite):
    __test__ = True
    which = "pipeline"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return the settings of a plugin with one saved scorer."""
    path = tmp_path_factory.mktemp("models") / "lead_win.model"
    return {"models": {str(path): save(fitted("boosting"), path)}}


class TestPlugin(PluginSuite):
    plugin = crmcore_sklearn

    @pytest.fixture(autouse=True)
    def _with_a_model(self, models):
        self.config = models
