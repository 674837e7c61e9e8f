"""ScorerSuite catches scorers that break their contract, one fault each, and says what is wrong."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

import attrs
import numpy as np
import pytest

import crmcore as cc
from crmcore.evaluate.rows import Rows
from crmcore.scoring import Parts, Reason, Scores
from crmcore.testing import ScorerSuite
from crmcore.testing.suite import sentence

LEADS = [
    {"id": f"L{n}", "visits": (2, 0, None, 9, 5)[n % 5], "fit": n, "converted": n % 2 == 0, "lost_reason": None}
    for n in range(10)
]


@attrs.frozen
class Visits:
    """Two points a visit, and one for each step of fit; undefined where no visits are known."""

    fault: str = ""
    name: str = "visits"
    table: str = "lead"
    needs: tuple[str, ...] = ("id", "visits")
    wants: tuple[str, ...] = ("fit",)
    others: Any = attrs.field(factory=dict)
    revision: int = 1
    labels: Any = attrs.field(factory=lambda: {"en": "Visits", "zh": "访问"})
    summary: str = "Two points a visit."
    source: str = ""

    def score(self, rows: Rows) -> Scores:
        """Return the scores, with the fault."""
        visits, fit = rows.table["visits"], rows.table.columns.get("fit")
        known = np.ones(len(rows), bool) if visits.valid is None else visits.valid
        if visits.kind != "count":  # nobody knows any visits
            known = np.zeros(len(rows), bool)
        seen = 2 * visits.data.astype(np.int64)
        fitting = np.zeros(len(rows), np.int64) if fit is None else fit.data.astype(np.int64)
        parts = np.stack([np.where(known, seen, 0), fitting], axis=1)
        values = np.where(known, parts.sum(axis=1).astype(float), np.nan)
        scorer: Any = self
        reasons = [Reason("seen"), Reason("fitting")]
        if self.fault == "position":
            values, parts[:, 1] = values + np.arange(len(rows)), parts[:, 1] + np.arange(len(rows))
        elif self.fault == "share":
            parts[:, 1] += len(rows)
            values = values + len(rows)
        elif self.fault == "endless" and len(rows):
            values[0] = np.inf
        elif self.fault == "nothing":
            values[:] = np.nan
        elif self.fault == "parts":
            parts[:, 0] += 1
        elif self.fault == "no parts":
            return Scores.of_rows(scorer, rows, values)
        elif self.fault == "first" and len(rows):
            values[0] += 1.0
            parts[0, 1] += 1
        elif self.fault == "no rows" and not len(rows):
            raise ValueError("max() of nothing")
        elif self.fault == "counter":
            step = next(CALLS)
            values, parts[:, 1] = values + step, parts[:, 1] + step
        elif self.fault == "extra" and "column_of_no_scorer" in rows.table.columns:
            values, parts[:, 1] = values + 1, parts[:, 1] + 1
        elif self.fault == "answer":
            won = rows.table["converted"].data.astype(np.int64)
            values, parts[:, 1] = values + won, parts[:, 1] + won
        elif self.fault == "hidden" and "lost_reason" not in rows.table.columns:
            values, parts[:, 1] = values + 1, parts[:, 1] + 1
        elif self.fault == "revision":
            scorer = attrs.evolve(self, revision=7)
        elif self.fault == "reasons":
            reasons = [Reason("seen"), Reason("seen")]
        return Scores.of_rows(scorer, rows, values, reasons=reasons, parts=Parts(parts), link="identity")


CALLS = count()


class OfVisits(ScorerSuite):
    """The suite of the scorer above."""

    scorer: ClassVar[Any] = Visits()

    def data(self) -> cc.Dataset:
        return cc.Dataset(lead=LEADS)


def test_the_sound_scorer_passes(judge: Any) -> None:
    """The scorer that is broken below has no fault itself."""
    assert list(judge(OfVisits, OfVisits.checks())) == []


class Lax(cc.Workspace):
    """A workspace that does not ask for what a scorer needs, where the scorer has that fault."""

    def score(self, scorer: Any, data: Any = None, **asked: Any) -> Scores:
        if scorer.fault == "lax":
            scorer = attrs.evolve(scorer, needs=("visits",))
        return super().score(scorer, data, **asked)


FAULTS: dict[str, tuple[Visits, str]] = {
    "test_declaration": (Visits(revision=0), "revision is a whole number from 1, got 0"),
    "test_labels": (Visits(labels={"en": "Visits"}), "labels have no Chinese name"),
    "test_reasons_have_names": (Visits("reasons"), "two reasons share a name"),
    "test_scores_say_which_revision": (Visits("revision"), "scores say ('visits', 7), not ('visits', 1)"),
    "test_one_score_per_row": (Visits("endless"), "gave row 0 the score inf; a score is finite, or nan"),
    "test_reasons_add_up": (Visits("parts"), "row 'L0': score 4.0, but base 0 and parts [5, 0] give 5.0"),
    "test_rows_in_another_order": (Visits("position"), "becomes"),
    "test_halves": (Visits("share"), "becomes"),
    "test_single_records": (Visits("share"), "becomes"),
    "test_no_rows": (Visits("no rows"), "max() of nothing"),
    "test_rows_twice": (Visits("first"), "becomes"),
    "test_again": (Visits("counter"), "becomes"),
    "test_columns_of_no_concern": (Visits("extra"), "becomes"),
    "test_declared_needs_suffice": (
        Visits("hidden"),
        "with the declared columns alone; needs, wants or others lacks one",
    ),
    "test_a_needed_column_that_is_missing": (
        Visits("lax", needs=("visits", "fit"), wants=()),
        "without column 'fit', which it needs, it scores all the same",
    ),
    "test_what_the_outcome_fills_in": (Visits("answer", wants=("fit", "converted")), "it looks at the answer"),
}
"""Check -> a scorer that it catches, and what it says."""


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_is_caught(check: str, judge: Any) -> None:
    """Each check fails for the scorer with its fault, with words that tell the author what to mend."""
    scorer, said = FAULTS[check]
    suite = type("TestMine", (OfVisits,), {"scorer": scorer, "workspace": lambda _: Lax()})
    found = dict(judge(suite, [check]))

    assert said in str(found[check])
    assert found[check].__notes__[-1] == f"TestMine.{check}: {sentence(getattr(OfVisits, check))}"


def test_every_check_has_a_fault() -> None:
    """No check of the suite is there that nothing fails."""
    assert set(FAULTS) == set(OfVisits.checks())


def test_a_scorer_without_a_value_is_told_so(judge: Any) -> None:
    """Scores that are nan for every row test nothing: the data are to be others."""
    found = dict(judge(type("TestMine", (OfVisits,), {"scorer": Visits("nothing")}), ["test_one_score_per_row"]))

    assert "no row of data() has a score" in str(found["test_one_score_per_row"])


def test_scores_without_parts_are_a_flag(judge: Any) -> None:
    """A scorer that gives no reasons fails until `explains = False` says so."""
    given = {"scorer": Visits("no parts")}
    silent = type("TestMine", (OfVisits,), {**given, "explains": False})

    assert [name for name, _ in judge(type("TestMine", (OfVisits,), given), OfVisits.checks())] == [
        "test_reasons_add_up"
    ]
    assert list(judge(silent, silent.checks())) == []
