"""The engine gives every number that was worked by hand: the cases of the reference, through the public `measure`."""

from __future__ import annotations

import crmcore as cc
from crmcore.testing.reference import measure


def test_measure_gives_the_number_worked_by_hand(case) -> None:
    """Each worked case through dataset, plan, engine and finisher (R1-R5, O7-O9, T2-T4, M3-M5, M8)."""
    result = cc.measure(case.metric, cc.Dataset(**case.records), **case.kwargs)

    assert case.agrees(result.rows()), f"{case.metric.formula!r} gave {result.rows()}, by hand it is {case.expected}"


def test_measure_equals_the_reference_to_the_last_bit(case) -> None:
    """Q4, R3: rows, total, n, numerator, denominator and reasons are those of the reference, compared with ==."""
    expected = measure([case.metric], case.records, **case.kwargs)
    result = cc.measure(case.metric, cc.Dataset(**case.records), **case.kwargs)
    name = case.metric.name

    rows = [{k: v for k, v in row.items() if k != "period" or "per" in case.kwargs} for row in expected.rows]
    assert result.rows() == rows
    assert result.total == expected.total
    for i, (known, found) in enumerate(zip(expected.details, result.to_dict()["details"], strict=True)):
        details = {k: v if isinstance(v, str) else float(v) for k, v in known[name].items() if v is not None}
        assert found[name] == details, i


def test_a_question_of_many_metrics_gives_what_each_gives_alone(cases) -> None:
    """Metrics that are asked together share states, and no number changes by it."""
    groups: dict[object, list] = {}
    for case in cases:
        groups.setdefault((repr(case.records), repr(sorted(case.kwargs.items(), key=str))), []).append(case)
    compared = 0
    for group in groups.values():
        metrics = {case.metric.name: case.metric for case in group}
        data, kwargs = cc.Dataset(**group[0].records), group[0].kwargs
        together = cc.measure(list(metrics.values()), data, **kwargs)
        places = {tuple(r[k] for k in together.axes): r for r in together.rows()}
        for name, metric in metrics.items() if len(metrics) > 1 else ():
            # what periods and groups are shown depends on all metrics; the numbers in them do not
            for row in cc.measure(metric, data, **kwargs).rows():
                place = tuple(row[k] for k in together.axes)
                if place in places:
                    assert places[place][name] == row[name], (name, place)
                    compared += 1
    assert compared > 200
