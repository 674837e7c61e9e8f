"""What holds for every analysis of the catalogue: names, labels, rules, columns, choices, and that it runs on little."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from inspect import Parameter, signature
from typing import Any

import pyarrow as pa
import pytest

import crmcore as cc
from crmcore.analysis.attribution import deals
from crmcore.domain.schema import RECORDS, Field, fields_of
from crmcore.errors import AnalysisNotFound, ArgumentError, MetricNotFound, NotFoundError
from crmcore.kpis import ANALYSES, CATALOGUE
from crmcore.kpis.entry import Analysis
from crmcore.locales import locale
from crmcore.metric import BETTER
from crmcore.workspace.analyses import check_choices, choices_of, written
from crmcore.workspace.definition import analysis_definition, described

ANY = {"contact": ("name", "email"), "lead": ("owner",)}
"""Tables for the analyses that look at whatever is there."""
CHOSEN = {"email"}
"""Columns that a listing has because they were chosen: their names are those of the host."""
DEGRADES = {"benchmark", "data_quality_score", "field_completeness"}
"""Those that say what a dataset lacks in their rows."""

every_analysis = pytest.mark.parametrize("analysis", ANALYSES.values(), ids=list(ANALYSES))


def field_of(table: str, name: str) -> Field:
    """Return the field of a record."""
    return next(field for field in fields_of(RECORDS[table]) if field.name == name)


def value_of(table: str, name: str) -> Any:
    """Return a value that the field of a record takes: of a won deal, a visit, a seller's quota."""
    said = {
        ("activity", "kind"): "visit",
        ("opportunity", "outcome"): "won",
        ("target", "kind"): "quota",
        ("target", "scope"): "seller",
        ("target", "metric"): "won_value",
        ("target", "end"): date(2026, 4, 1),
        ("forecast", "category"): "commit",
        ("forecast", "end"): date(2026, 4, 1),
    }
    by_kind = {
        "day": date(2026, 3, 2),
        "moment": date(2026, 3, 2),
        "money": Decimal("10.50"),
        "flag": True,
        "duration": timedelta(hours=1),
        "number": 1,
    }
    return said.get((table, name), by_kind.get(field_of(table, name).kind, "客户"))


def tables(analysis: Analysis, rows: int) -> dict[str, dict[str, list[Any]]]:
    """Return the tables that an analysis needs, with the columns it needs and nothing else."""
    needs = analysis.needs or ANY
    return {t: {"id": [*range(rows)]} | {c: [value_of(t, c)] * rows for c in columns} for t, columns in needs.items()}


# --- definitions


def test_a_name_is_a_metric_or_an_analysis() -> None:
    """An analysis stands under its own name, which no metric bears (R4)."""
    assert [name for name, analysis in ANALYSES.items() if analysis.name != name] == []
    assert set(ANALYSES) & set(CATALOGUE) == set()
    assert len({a.function for a in ANALYSES.values()}) == len(ANALYSES)


def test_labels_tell_entries_apart() -> None:
    """No two entries of the catalogue, metrics and analyses together, bear one label in a language."""
    for language in ("en", "zh"):
        labels = [entry.labels[language] for entry in [*CATALOGUE.values(), *ANALYSES.values()]]
        assert sorted({x for x in labels if labels.count(x) > 1}) == []


@every_analysis
def test_definition_is_complete(analysis: Analysis) -> None:
    """Name, labels in both languages, direction, summary, source and subject are all there, as they are for a metric."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", analysis.name)
    assert set(analysis.labels) == {"en", "zh"}
    assert re.fullmatch(r"[A-Z][\x20-\x7e]+", analysis.labels["en"])
    assert re.search(r"[\u4e00-\u9fff]", analysis.labels["zh"])
    assert analysis.better in BETTER
    assert re.fullmatch(r"[A-Z][^\n]{20,250}\.", analysis.summary)
    assert ". " not in analysis.summary.replace("P(value | won)", ""), "one sentence"
    assert re.match(r"[FTMQAE]\d\d|M\d|C\d\d", analysis.source), "the dictionary's id comes first"
    assert analysis.subject in locale("en").subjects
    assert analysis.revision == 1


@every_analysis
def test_rules_exist(analysis: Analysis, root) -> None:
    """An analysis cites rules that the page of the rules has, each once."""
    page = (root / "docs" / "reference" / "semantics.md").read_text(encoding="utf-8")

    assert analysis.rules
    assert set(analysis.rules) <= set(re.findall(r"^- \*\*([A-Z]\d)\*\*", page, re.MULTILINE))
    assert len(set(analysis.rules)) == len(analysis.rules)


@every_analysis
def test_needs_are_fields_of_the_records(analysis: Analysis) -> None:
    """Each column that is needed, and the anchor, is a field of the record of its table, named once."""
    for table, columns in analysis.needs.items():
        assert len(set(columns)) == len(columns)
        assert all(field_of(table, column) for column in columns)
    dates = {c for t, columns in analysis.needs.items() for c in columns if field_of(t, c).kind in ("day", "moment")}
    assert analysis.anchor == "stock" or analysis.anchor in dates


@every_analysis
def test_function_takes_a_view_and_choices(analysis: Analysis) -> None:
    """The function takes the view first; all else is a choice by keyword, with a default, and its docstring has rules."""
    view, *choices = signature(analysis.run).parameters.values()

    assert (view.name, view.annotation, view.kind) == ("view", "View", Parameter.POSITIONAL_OR_KEYWORD)
    assert [p.name for p in choices if p.kind is not Parameter.KEYWORD_ONLY or p.default is p.empty] == []
    assert list(choices_of(analysis)) == [p.name for p in choices]
    assert re.search(r"\n +Rules: \w", analysis.run.__doc__ or "")


@every_analysis
def test_definition_is_plain_data_and_text(analysis: Analysis) -> None:
    """It can be had as JSON and as text in both languages, choices and columns included."""
    found = analysis_definition(analysis)

    assert json.loads(json.dumps(found)) == found
    assert found["columns"] == [f"{t}.{c}" for t, columns in analysis.needs.items() for c in columns]
    for language, line in (("en", "Choices: "), ("zh", "可选")):
        text = described(analysis, language)
        assert text.startswith(f"{analysis.labels[language]} ({analysis.name})\n{analysis.summary}")
        assert f'crmcore.analyse("{analysis.name}", data)' in text
        assert line in text


# --- running


@every_analysis
@pytest.mark.parametrize("rows", [0, 1])
def test_it_runs_on_nothing_and_on_one_row(analysis: Analysis, rows: int) -> None:
    """The columns it needs are enough; without rows, and with one, it gives a listing that prints and travels."""
    found = cc.analyse(analysis.name, cc.Dataset(**tables(analysis, rows)))

    assert isinstance(found, cc.Listing)
    assert len(found) == 0 or rows or analysis.name in DEGRADES
    plain = json.loads(found.to_json())
    assert list(plain["columns"]) == list(found.names)
    assert len(plain["rows"]) == len(found)
    arrow = pa.table(found)
    assert (arrow.num_rows, arrow.column_names) == (len(found), list(found.names))
    for language in ("en", "zh"):
        text = str(found.told(language))
        headings = [h.label(language) for h in found.headings]
        assert all(heading in text.splitlines()[0] for heading in headings)
        assert all(h.labels.keys() >= {"en", "zh"} or h.name in CHOSEN for h in found.headings), found.headings
        assert all(f.labels.keys() >= {"en", "zh"} for f in found.facts), found.facts
        assert all(n.keys() >= {"en", "zh"} for n in found.notes)


@every_analysis
def test_rows_in_another_order_give_the_same(analysis: Analysis) -> None:
    """Two rows that differ in their labels only, either way round: one listing."""
    names = ("acme", "王府")

    def given(order: tuple[str, ...]) -> cc.Dataset:
        made = {}
        for table, columns in tables(analysis, 2).items():
            keys = {c for c in columns if c == "id" or columns[c][0] == "客户"}
            made[table] = {c: [*order] if c in keys else v for c, v in columns.items()}
        return cc.Dataset(**made)

    there, back = (cc.analyse(analysis.name, given(order)) for order in (names, names[::-1]))

    assert there.to_dict() == back.to_dict()


@every_analysis
def test_a_table_that_is_not_there_is_named(analysis: Analysis) -> None:
    """The error says which table is missing; an analysis of whatever is there says what it could not look at."""
    if analysis.name in DEGRADES:
        assert len(cc.analyse(analysis.name, cc.Dataset(product=[{"id": 1}]))) in (0, 1, 14)
        return
    for table in analysis.needs:
        rest = {t: columns for t, columns in tables(analysis, 1).items() if t != table}
        with pytest.raises(NotFoundError, match=f"no table named '{table}'|no column named '{table}."):
            cc.analyse(analysis.name, cc.Dataset(**rest))


# --- names and choices


def test_a_metric_is_no_analysis_and_an_analysis_no_metric() -> None:
    """Each error says what the name stands for, and how it is had; nearest names come first (style of all errors)."""
    data = cc.Dataset(opportunity=[])

    with pytest.raises(MetricNotFound) as error:
        cc.measure("rfm_ntile", data)
    # the hint stands in place of a list of all metrics, which says less
    hint = "'rfm_ntile' is an analysis; crmcore.analyse('rfm_ntile', data) runs it"
    assert str(error.value) == f"no metric named 'rfm_ntile' ({hint})"
    assert "win_rate" in error.value.available  # type: ignore[attr-defined]
    with pytest.raises(MetricNotFound, match="'rfm_ntile' is an analysis"):
        cc.measure("rfm_ntile.trailing(90)", data)
    with pytest.raises(AnalysisNotFound, match=r"'win_rate' is a metric; crmcore.measure\('win_rate', data\)"):
        cc.analyse("win_rate", data)
    with pytest.raises(AnalysisNotFound, match="no analysis named 'rfm_ntil'; did you mean 'rfm_ntile'"):
        cc.analyse("rfm_ntil", data)
    with pytest.raises(ArgumentError, match=r"data is a Dataset, .* got list"):
        cc.analyse("rfm_ntile", [])  # type: ignore[arg-type]


def test_a_choice_that_is_none_names_the_nearest() -> None:
    """A wrong name of a choice is an error of ours before anything is read, not one of Python's."""
    data = cc.Dataset(opportunity=[])

    with pytest.raises(ArgumentError, match="cohort_retention has no choice 'pre'; did you mean 'per'"):
        cc.analyse("cohort_retention", data, pre="month")
    with pytest.raises(ArgumentError, match="cohort_retention has no choice 'grain'; it has per, customer, value"):
        cc.analyse("cohort_retention", data, grain="month")
    with pytest.raises(ArgumentError, match="benchmark has no choice 'cuts'; it has none"):
        cc.analyse("benchmark", data, cuts=("0.1", "0.2"))
    with pytest.raises(ArgumentError, match="attribution_linear has no choice 'created'"):
        cc.analyse("attribution_linear", data, created=True)
    check_choices(ANALYSES["rfm_ntile"], ["customer", "value"])


def test_a_model_shows_the_choices_of_a_journey() -> None:
    """What a model hands on to `from_deals` is a choice of the analysis, its own choices first."""
    journey = {p for p in signature(deals.from_deals).parameters if p not in ("view", "created")}

    assert choices_of(ANALYSES["attribution_linear"]).keys() == journey
    assert next(iter(choices_of(ANALYSES["attribution_time_decay_by_age"]).items())) == ("half_life_days", 7)


@pytest.mark.parametrize(
    ("name", "choice", "text"),
    [
        ("rfm_ntile", "customer", "account"),
        ("seller_tiers", "cuts", "0.2,0.5"),
        ("duplicate_records", "digits", "none"),
        ("data_quality_score", "unique", "{contact: email}"),
        ("data_quality_score", "weights", "none"),
        ("best_prospectors", "confidence", "0.95"),
    ],
)
def test_defaults_are_written_as_they_are_chosen(name: str, choice: str, text: str) -> None:
    """A list is parted by commas, as `--choose` takes it; nothing is none."""
    assert written(choices_of(ANALYSES[name])[choice]) == text
    assert written({"a": ["b", "c"], "d": 1}) == "{a: b,c; d: 1}"
