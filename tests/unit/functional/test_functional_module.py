"""The module that serves the functions."""

from __future__ import annotations

import subprocess
import sys

import pytest

import crmcore as cc
from crmcore import functional as fn
from crmcore.kpis import CATALOGUE


def test_every_metric_is_a_function_here() -> None:
    """`dir` lists the catalogue, and each name is the function of its metric, the same object each time."""
    assert set(CATALOGUE) | {"MetricFunction"} == set(dir(fn))
    for name, metric in CATALOGUE.items():
        function = getattr(fn, name)
        assert function.metric is metric
        assert getattr(fn, name) is function


def test_an_unknown_name_offers_the_nearest() -> None:
    """A misspelt metric is an AttributeError, as of any module, with the nearest names."""
    with pytest.raises(AttributeError, match="no metric named 'win_rat'; did you mean 'win_rate'"):
        fn.win_rat
    assert not hasattr(fn, "__wrapped__")


def test_it_is_a_name_of_the_package() -> None:
    """`cc.functional.win_rate` is how a host writes it."""
    assert cc.functional.win_rate.of(won=8, lost=3) == 8 / 11


def test_the_module_loads_nothing_until_a_name_is_used() -> None:
    """Importing the module alone loads neither numpy nor attrs."""
    code = "import sys, crmcore.functional; print('numpy' in sys.modules, 'attr' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.split() == ["False", "False"]
