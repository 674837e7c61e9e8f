"""xedu_leads: time on site as a score of 9,240 leads, judged by who converted."""

from __future__ import annotations

import pytest

from crmcore.scoring.evaluation import evaluate


def test_time_on_site_as_a_score(read_set) -> None:
    """AUC, KS and the share converted in the top decile, with ties shared, as computed elsewhere."""
    table = read_set("xedu_leads")["lead"]
    found = evaluate(table["seconds_on_site"].data, table["converted"].data)

    assert (found.fact("n"), found.fact("positives")) == (9240, 3561)
    assert found.fact("roc_auc") == pytest.approx(0.6505734904, abs=5e-11)
    assert found.fact("ks") == pytest.approx(0.4015018307, abs=5e-11)
    assert found["rate"][0] == pytest.approx(0.6972402597, abs=5e-11)
    assert found["gain"][-1] == 1.0
    assert found.fact("brier") is None
