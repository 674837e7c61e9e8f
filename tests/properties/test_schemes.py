"""Rule schemes beside a record-by-record reading of them, in whole numbers, that shares no code with ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import as_of, col, day, elapsed
from crmcore.algebra.columns import Elapsed
from crmcore.calendars import Calendar, Zone, day_of
from crmcore.errors import DefinitionError
from crmcore.scoring import Band, Count, Grading, Group, Rule, Scheme
from crmcore.testing.reference.rows import Look, Scene, day_in, holds, value
from crmcore.testing.reference.values import number_of
from crmcore.testing.reference.views import AsOf, Book
from crmcore.testing.strategies import conditions, datasets, days
from crmcore.testing.strategies.expressions import values
from crmcore.testing.strategies.shapes import SHAPES
from crmcore.units import DAY

relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)

ZONES = st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York"))
POINTS = st.integers(-40, 40).map(Decimal) | st.integers(-30_000, 30_000).map(lambda m: Decimal(m).scaleb(-3))
DAYS = st.sampled_from((1, 7, 30, 90))


# -- schemes -------------------------------------------------------------------------------------------


def ages(table):
    """Return how many days ago, or ahead, dates of a table are."""
    dates = st.sampled_from(SHAPES[table].dates)
    return dates.map(lambda d: elapsed(day(d), day(as_of()))) | dates.map(lambda d: elapsed(day(as_of()), day(d)))


def aged(table):
    """Return conditions on ages."""
    signs = st.sampled_from(("<", "<=", ">", ">=", "=="))
    made = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "==": "__eq__"}
    return st.builds(lambda age, sign, n: getattr(age, made[sign])(n), ages(table), signs, st.integers(-3, 90))


@st.composite
def rules(draw, name, table):
    """Return a rule of any of the three kinds."""
    kind = draw(st.sampled_from(("when", "when", "age", "bands", "count")))
    if kind == "count" and table == "opportunity":
        half = draw(st.none() | DAYS)
        count = Count(
            "activity",
            at=draw(st.sampled_from(("at", "done", "due"))) if half else draw(st.sampled_from(("at", "done", None))),
            when=draw(st.none() | conditions("activity")),
            half_life_days=half,
            quantity=draw(st.none() | st.just("quantity")),
        )
        if count.at is not None and draw(st.booleans()):
            count = Count("activity", at=count.at, when=count.when, half_life_days=half, within_days=draw(DAYS))
        low, high = sorted((draw(POINTS), draw(POINTS)))
        limits = {"cap": draw(st.none() | st.just(high)), "floor": draw(st.none() | st.just(low))}
        return Rule(name, count=count, points=draw(POINTS), **limits)
    if kind == "bands":
        of = draw(ages(table) | values(table, "number") | values(table, "money"))
        starts = draw(st.lists(st.integers(-5, 3000), min_size=1, max_size=4, unique=True).map(sorted))
        return Rule(name, value=of, bands=[Band(s, draw(POINTS)) for s in starts])
    return Rule(name, when=draw(aged(table) if kind == "age" else conditions(table)), points=draw(POINTS))


@st.composite
def schemes(draw):
    """Return a scheme with one to three groups, limits of all sorts, and grades."""
    table = draw(st.sampled_from(("lead", "opportunity")))
    groups = []
    for g in range(draw(st.integers(1, 3))):
        made = [draw(rules(f"r{g}{i}", table)) for i in range(draw(st.integers(1, 4)))]
        groups.append(
            Group(f"g{g}", made, dimension=draw(st.sampled_from(("", "fit", "engagement"))), **draw(limits()))
        )
    dimensions = [*dict.fromkeys(g.dimension for g in groups if g.dimension)]
    grades = [draw(gradings(of)) for of in draw(st.lists(st.sampled_from(["", *dimensions]), max_size=2, unique=True))]
    return Scheme("drawn", table, groups=groups, grades=grades, **draw(limits()))


@st.composite
def limits(draw):
    """Return a cap, a floor, both or none."""
    low, high = sorted((draw(POINTS), draw(POINTS)))
    return {"cap": draw(st.none() | st.just(high)), "floor": draw(st.none() | st.just(low))}


@st.composite
def gradings(draw, of):
    """Return grades by points, with or without one for the rest."""
    starts = sorted(draw(st.sets(POINTS, min_size=1, max_size=3)), reverse=True)
    rest = [("Z", None)] if draw(st.booleans()) else []
    return Grading([*zip("ABC", starts, strict=False), *rest], of=of)


# -- a scheme read by hand -----------------------------------------------------------------------------


class ByHand:
    """Applies a scheme to one record after the other."""

    def __init__(self, scheme, records, moment, timezone):
        self.scheme = scheme
        zone = Zone(timezone)
        self.book = Book(records, zone)
        self.today = AsOf(zone.end_of_day(day_of(moment)), day_of(moment), "given")
        self.scene = Scene(self.book, zone, Calendar(), self.today)

    def rows(self):
        """Return id -> thousandths of each rule, of each group, in all, and the grade."""
        return {r.values["id"]: self.row(r) for r in self.book.view(self.scheme.table, self.today.us)}

    def row(self, row):
        by_rule, by_group, by_dimension = {}, {}, {}
        for group in self.scheme.groups:
            for rule in group.rules:
                by_rule[rule.name] = self.rule(rule, row)
            total = within(sum(by_rule[r.name] for r in group.rules), group)
            by_group[group.name] = total
            by_dimension[group.dimension] = by_dimension.get(group.dimension, 0) + total
        total = within(sum(by_group.values()), self.scheme)
        return by_rule, total, self.grade(by_dimension, total)

    def rule(self, rule, row):
        look = Look(self.scene, self.scheme.table, row)
        if rule.when is not None:
            return milli(rule.points) if holds(rule.when, look) else 0
        if rule.value is not None:
            number = number_of(value(rule.value, look))
            if number is not None and isinstance(rule.value, Elapsed):
                number = Fraction(number, DAY)  # bands of an age are in days
            passed = [b for b in rule.bands if number is not None and number >= b.start]
            return milli(passed[-1].points) if passed else 0
        return within(sum(self.worths(rule, row.values["id"])), rule)

    def worths(self, rule, of):
        """Yield what each row that belongs to a record is worth."""
        count = rule.count
        for row in self.book.view(count.table, self.today.us):
            look = Look(self.scene, count.table, row)
            if row.values.get(count.by or self.scheme.table) != of or not holds(count.when, look):
                continue
            worth = milli(rule.points)
            if count.at is not None:
                at = day_in(self.scene, row.values.get(count.at), None)
                age = None if at is None else self.today.day - at
                if age is None or age < 0 or (count.within_days is not None and age >= count.within_days):
                    continue
                if count.half_life_days is not None:
                    worth = halved(worth, age, count.half_life_days)
            yield worth * (1 if count.quantity is None else int(row.values.get(count.quantity) or 0))

    def grade(self, by_dimension, total):
        if not self.scheme.grades:
            return None
        found = ""
        for grading in self.scheme.grades:
            points = by_dimension[grading.of] if grading.of else total
            reached = [s.grade for s in grading.steps if s.start is None or points >= milli(s.start)]
            if not reached:
                return None
            found += reached[0]
        return found


def milli(points):
    """Return thousandths."""
    return int(Fraction(points) * 1000)


def within(number, limits):
    """Return a number within a cap and a floor."""
    number = number if limits.cap is None else min(number, milli(limits.cap))
    return number if limits.floor is None else max(number, milli(limits.floor))


def halved(worth, age, half):
    """Return worth / 2 ** (age / half) to the nearest whole number, told by whole powers alone."""
    sign, worth = (-1, -worth) if worth < 0 else (1, worth)
    near = round(worth / 2 ** (age / half))
    for whole in (near - 1, near, near + 1):
        low, high = max(2 * whole - 1, 0) ** half * 2**age, (2 * whole + 1) ** half * 2**age
        twice = (2 * worth) ** half
        if low < twice < high or (twice in (low, high) and whole % 2 == 0):
            return sign * whole
    raise AssertionError((worth, age, half))


# -- properties ----------------------------------------------------------------------------------------


@relaxed
@given(schemes(), datasets(), days(), ZONES)
def test_points_are_those_of_a_reading_by_hand(scheme, records, moment, timezone) -> None:
    """Every score, the points of every rule, every grade, of every row: equal to the last thousandth."""
    workspace, data = cc.Workspace(timezone=timezone), cc.Dataset(**records)
    expected = ByHand(scheme, records, moment, timezone).rows()
    found = workspace.score(scheme, data, as_of=moment)

    assert found.ids.tolist() == [*expected]
    rules = len(scheme.rules)
    for score, row, (by_rule, total, grade) in zip(found.each(), found.parts.tolist(), expected.values(), strict=True):
        assert row[:rules] == [by_rule[r.name] for r in scheme.rules]
        assert sum(row) == total
        assert score.value == float(Fraction(total, 1000))
        assert score.grade == grade


@relaxed
@given(schemes(), datasets(), days(), ZONES)
def test_one_record_scores_as_it_does_among_others(scheme, records, moment, timezone) -> None:
    """A record alone, given as a dict, has the score, grade and reasons that it has in the batch."""
    workspace, data = cc.Workspace(timezone=timezone), cc.Dataset(**records)
    batch = workspace.score(scheme, data, as_of=moment)

    for row in records[scheme.table]:
        if row["id"] in batch.ids.tolist():
            assert workspace.score_one(scheme, row, as_of=moment, others=data) == batch.of(row["id"])


@relaxed
@given(schemes(), datasets(), days(), st.randoms(use_true_random=False))
def test_neither_order_nor_company_of_rows_decides(scheme, records, moment, random) -> None:
    """Shuffled, and filtered to some, rows keep their scores and reasons."""
    rows = records[scheme.table]
    shuffled = records | {scheme.table: random.sample(rows, len(rows))}
    first = cc.score(scheme, cc.Dataset(**records), as_of=moment)
    second = cc.score(scheme, cc.Dataset(**shuffled), as_of=moment)
    some = cc.score(scheme, cc.Dataset(**records), as_of=moment, where=col("owner") == "Anna")

    assert {s.id: s for s in first} == {s.id: s for s in second}
    for score in some:
        assert score == first.of(score.id)


@relaxed
@given(schemes())
def test_a_scheme_comes_back_from_its_file(scheme) -> None:
    """What can be said in a file reads back as the same scheme, with the same fingerprint."""
    import tomllib

    try:
        text = scheme.to_toml()
    except DefinitionError:  # arithmetic has no words in files
        return
    assert Scheme.of_dict(tomllib.loads(text, parse_float=Decimal)) == scheme
    assert Scheme.of_dict(scheme.to_dict()) == scheme
    assert Scheme.of_dict(tomllib.loads(text, parse_float=Decimal)).fingerprint == scheme.fingerprint


def test_the_schemes_drawn_say_something() -> None:
    """Among eighty draws there are files, counts, caps that bind, grades, and rows with points."""
    met = {"files": 0, "points": 0, "limits": 0, "grades": 0, "counts": 0}

    @settings(max_examples=80, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(schemes(), datasets())
    def look(scheme, records):
        try:
            scheme.to_toml()
            met["files"] += 1
        except DefinitionError:
            pass
        found = cc.score(scheme, cc.Dataset(**records), as_of=date(2024, 3, 1))
        parts, rules = found.parts, len(scheme.rules)
        met["points"] += bool(parts[:, :rules].any())
        met["limits"] += bool(parts[:, rules:].any())
        met["grades"] += any(g is not None for g in found.grades)
        counted = [i for i, r in enumerate(scheme.rules) if r.count is not None]
        met["counts"] += bool(parts[:, counted].any())

    look()
    assert all(n >= 5 for n in met.values()), met
