"""The scores, against tables worked by hand from the published definitions."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import crmcore as cc
import crmcore_schemes
from crmcore.scoring import Scheme
from crmcore_schemes import HERE
from crmcore_schemes.abc_grading import AbcGrading

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "vectors.json"
TODAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def workspace():
    return cc.Workspace(plugins=[crmcore_schemes])


def scored(scores):
    """Return id -> score and grade."""
    return {s.id: (s.value, s.grade) for s in scores}


# -- checklists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "score", "grade"),
    [
        ("yyyy", 100, "A"),
        ("yyyn", 75, "B"),  # three of four: validated
        ("yyy-", 75, "B"),
        ("yynn", 50, "C"),
        ("---y", 25, "C"),
        ("nnnn", 0, "C"),
        ("----", None, None),  # nobody asked
    ],
)
def test_bant(workspace, answers, score, grade) -> None:
    """25 points for each yes; A for four, B for three, which is validated, C for less; no answer, no score."""
    said = {"y": True, "n": False, "-": None}
    names = ("budget", "authority", "need", "timeline")
    lead = {"id": "L", **{n: said[a] for n, a in zip(names, answers, strict=True)}}

    found = workspace.score_one("bant", lead, as_of=TODAY)

    assert (found.value, found.grade) == (score, grade)
    assert sum(b.amount for b in found.reasons) == (score or 0)
    assert [b.reason.name for b in found.reasons if b.missing] == [
        n for n, a in zip(names, answers, strict=True) if a == "-"
    ]


@pytest.mark.parametrize(
    ("established", "score", "grade"),
    [(6, 6, "A"), (5, 5, "B"), (4, 4, "B"), (3, 3, "C"), (1, 1, "C"), (0, 0, "C")],
)
def test_meddic(workspace, established, score, grade) -> None:
    """A point for each of the six elements; A for all, B from four."""
    names = ("champion", "pain", "metrics", "economic_buyer", "decision_process", "decision_criteria")
    deal = {"id": "D", "outcome": "open", **{n: i < established for i, n in enumerate(names)}}

    found = workspace.score_one("meddic", deal, as_of=TODAY)

    assert (found.value, found.grade) == (score, grade)
    assert {b.reason.name for b in found.reasons} == set(names[:established])


# -- health --------------------------------------------------------------------------------------------


def test_customer_health(workspace) -> None:
    """Worked by hand: each signal by its band, notice takes 50 and no score is below 0, two signals are too few.

    full: 30 + 20 + 20 + 15 + 15 = 100; fair: 20 (55 %) + 10 (45 days) + 10 (8) + 5 (3 tickets) + 8 (30 days) = 53;
    left: 30 + 20 + 20 - 50 = 20; gone: 0 + 0 (91 days) + 0 (6) + 0 - 50, so 0; three signals: 10 + 20 + 0 (31 days late).
    """
    accounts = [
        ("full", 80, date(2026, 6, 30), 9, 0, 0, False),
        ("fair", 55, date(2026, 5, 16), 8, 3, 30, None),
        ("left", 100, date(2026, 5, 31), 10, None, None, True),
        ("gone", 19, date(2026, 3, 31), 6, 6, None, True),
        ("three", 20, date(2026, 6, 1), None, None, 31, None),
        ("two", 100, None, 10, None, None, None),
        ("ahead", 100, date(2026, 7, 1), 10, None, None, None),
    ]
    names = ("id", "usage_percent", "last_contact_at", "nps", "open_tickets", "overdue_days", "notice_given")
    data = cc.Dataset(account=[dict(zip(names, a, strict=True)) for a in accounts])

    found = workspace.score("customer_health", data, as_of=TODAY)

    assert scored(found) == {
        "full": (100, "green"),
        "fair": (53, "yellow"),
        "left": (20, "red"),
        "gone": (0, "red"),
        "three": (30, "red"),
        "two": (None, None),
        "ahead": (None, None),  # a contact that lies ahead is none (T3)
    }
    gone = found.of("gone")
    assert {b.reason.name: b.amount for b in gone.reasons if b.amount} == {"notice": -50, "total.floor": 50}


def test_signals_that_nobody_keeps_are_left_out(workspace) -> None:
    """A host without some of the columns is scored by the others."""
    rows = [
        {"id": "a", "usage_percent": 80, "nps": 9, "open_tickets": 1},
        {"id": "b", "usage_percent": 80, "nps": None},
    ]

    assert scored(workspace.score("customer_health", cc.Dataset(account=rows))) == {
        "a": (60, "yellow"),
        "b": (None, None),
    }


# -- ABC -----------------------------------------------------------------------------------------------


def sales(*revenue, currency=None):
    """Return a dataset with an account for each revenue."""
    return cc.Dataset(
        account=[{"id": f"A{i}"} for i in range(len(revenue))],
        opportunity=[
            {"id": f"D{i}", "account": f"A{i}", "outcome": "won", "closed_at": date(2026, 1, 1), "amount": Decimal(r)}
            for i, r in enumerate(revenue)
        ],
    )


@pytest.mark.skipif(not VECTORS.is_file(), reason="the published vectors are not beside the project")
def test_abc_of_the_published_case(workspace) -> None:
    """Classes by the share of revenue before each account, and the score is what that share leaves of 100."""
    (case,) = (v for v in json.loads(VECTORS.read_text(encoding="utf-8")) if v["id"] == "conc-pareto")
    revenue, shares = case["input"]["revenue"], case["expected"]["cum_share"]

    found = workspace.score("abc", sales(*revenue))

    assert found.grades == case["expected"]["class"]
    for place, value in enumerate(found.values.tolist()):
        before = shares[place - 1] if place else 0
        if revenue.count(revenue[place]) == 1:
            assert value == pytest.approx(100 * (1 - before), abs=1e-9)


def test_abc_ties_cuts_and_nothing(workspace) -> None:
    """Equal revenue, equal grade; a share that is exactly the cut is past it; without any revenue there is no score."""
    assert workspace.score("abc", sales(80, 10, 10)).grades == ["A", "B", "B"]
    assert workspace.score("abc", sales(5, 5, 5, 5)).grades == ["A"] * 4
    assert workspace.score("abc", sales(0, 0)).grades == [None, None]
    assert workspace.score("abc", sales(10, 0)).values.tolist() == [100, 0]
    third = workspace.score("abc", sales(1, 1, 1, 0), where=cc.col("id") == "A3")
    assert (third.grades, third.ids.tolist()) == (["C"], ["A3"])


def test_abc_with_other_cuts() -> None:
    """The cuts are settings, checked by name; the fingerprint tells their scores apart."""
    half = cc.Workspace(plugins=[crmcore_schemes], config={"schemes": {"a_percent": 50, "b_percent": 50}})

    assert half.score("abc", sales(50, 30, 20)).grades == ["A", "C", "C"]
    assert (
        half.score("abc", sales(1)).fingerprint
        != cc.Workspace(plugins=[crmcore_schemes]).score("abc", sales(1)).fingerprint
    )
    for config, said in (
        ({"a_percent": 90, "b_percent": 80}, "above b_percent"),
        ({"a_percent": 101}, "from 0 to 100"),
        ({"a_percent": "80"}, "a whole number"),
        ({"a_persent": 80}, "did you mean 'a_percent'"),
        ({"folder": "nowhere"}, "is not there"),
    ):
        with pytest.raises(cc.errors.PluginError, match=said):
            cc.Workspace(plugins=[crmcore_schemes], config={"schemes": config})
    with pytest.raises(cc.errors.ArgumentError, match="from 0 to 100"):
        AbcGrading(-1)


def test_abc_never_adds_currencies(workspace) -> None:
    """M2: with two currencies and no rates it refuses; with rates it converts on the day a deal was closed."""
    data = cc.Dataset(
        account=[{"id": "a"}, {"id": "b"}],
        opportunity=[
            {
                "id": "1",
                "account": "a",
                "outcome": "won",
                "closed_at": date(2026, 1, 5),
                "amount": cc.domain.Money(100, "EUR"),
            },
            {
                "id": "2",
                "account": "b",
                "outcome": "won",
                "closed_at": date(2026, 1, 5),
                "amount": cc.domain.Money(150, "USD"),
            },
        ],
    )
    with pytest.raises(cc.errors.CurrencyError, match="several currencies"):
        workspace.score("abc", data)
    # the later rate is in force today, and the deal was closed under the first
    rates = [
        cc.domain.Rate(from_currency="USD", to_currency="EUR", valid_from=day, rate=Decimal(rate))
        for day, rate in ((date(2026, 1, 1), "0.5"), (date(2026, 6, 1), "0.9"))
    ]
    priced = cc.Workspace(plugins=[crmcore_schemes], currency="EUR", rates=rates)
    ((_, revenue),) = priced.score("abc", data, as_of=TODAY).beside
    assert revenue.tolist() == [100, 75]


# -- metrics, languages, files ---------------------------------------------------------------------------


def test_metrics(workspace) -> None:
    """Of four leads with answers two meet three or more: a half; one of two open deals has a champion; (80 + 60) / 2."""
    yes = {"budget": True, "authority": True, "need": True, "timeline": True}
    leads = [
        {"id": "1", **yes, "score": 80.0},
        {"id": "2", **yes, "timeline": False, "score": 60.0},
        {"id": "3", **yes, "timeline": None, "need": None},
        {"id": "4", **dict.fromkeys(yes), "budget": False},
        {"id": "5", **dict.fromkeys(yes)},
    ]
    deals = [
        {"id": "1", "outcome": "open", "champion": True},
        {"id": "2", "outcome": "open", "champion": None},
        {"id": "3", "outcome": "won", "champion": True},
    ]
    names = ["bant_validated_rate", "meddic_champion_rate", "mean_lead_score"]

    card = workspace.measure(names, cc.Dataset(lead=leads, opportunity=deals))

    assert card.total == {"bant_validated_rate": 0.5, "meddic_champion_rate": 0.5, "mean_lead_score": 70.0}


def test_other_languages() -> None:
    """Names are there in English and Chinese, and German comes with the labels: of our metrics and of the catalogue's."""
    german = cc.Workspace(plugins=[crmcore_schemes], language="de")
    for name in ("bant_validated_rate", "meddic_champion_rate", "mean_lead_score"):
        metric = german.metric(name)
        assert len({metric.label(x) for x in ("en", "zh", "de")}) == 3
    assert german.metric("win_rate").label("de") == "Abschlussquote"
    for scheme in (Scheme.load(p) for p in HERE.glob("*.toml") if p.stem in ("bant", "meddic", "customer_health")):
        for named in (scheme, *scheme.groups, *scheme.rules):
            assert set(named.labels) == {"en", "zh"}, named.name


def test_a_scheme_of_the_host_takes_the_place_of_ours(tmp_path) -> None:
    """A file in `folder` that is named as ours is used, with its revision; others are added."""
    own = (
        (HERE / "bant.toml")
        .read_text("utf-8")
        .replace("revision = 1", "revision = 2")
        .replace("points = 25", "points = 10")
    )
    (tmp_path / "bant.toml").write_text(own, encoding="utf-8")
    (tmp_path / "fit.toml").write_text(
        'name = "fit"\ntable = "lead"\n[[groups]]\nname = "g"\n[[groups.rules]]\nname = "web"\n'
        'when = { column = "source", is = "web" }\npoints = 1\n',
        encoding="utf-8",
    )
    found = cc.Workspace(plugins=[crmcore_schemes], config={"schemes": {"folder": str(tmp_path)}})

    assert [*found.scorers] == ["bant", "meddic", "customer_health", "fit", "abc"]
    score = found.score_one(
        "bant", {"id": "L", "budget": True, "authority": None, "need": None, "timeline": None}, as_of=TODAY
    )
    assert (score.value, score.revision) == (10, 2)
    (tmp_path / "fit.toml").write_text('name = "fit"\n', encoding="utf-8")
    with pytest.raises(cc.errors.PluginError, match="table, groups is missing"):
        cc.Workspace(plugins=[crmcore_schemes], config={"schemes": {"folder": str(tmp_path)}})


def test_checklists_in_csv_files(workspace, tmp_path) -> None:
    """The profile reads yes and no; without it the error says that words are not True."""
    text = "id,budget,authority,need,timeline\nl1,yes,yes,true,no\n李雷,no,,,\n"
    (tmp_path / "lead.csv").write_text(text, encoding="utf-8")

    assert scored(workspace.score("bant", workspace.read(tmp_path, profile="checklists"))) == {
        "l1": (75, "B"),
        "李雷": (0, "C"),
    }
    with pytest.raises(cc.errors.DefinitionError, match="holds str values such as 'yes', not True"):
        workspace.score("bant", workspace.read(tmp_path))


def test_the_page_is_right(workspace) -> None:
    """The example of the README prints what stands below it."""
    page = (HERE.parents[1] / "README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (expected,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    out = io.StringIO()

    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})

    assert out.getvalue() == expected


def test_scores_in_a_language_that_labels_bring(tmp_path) -> None:
    """A scheme is called what its own labels say; sentences that the language has no words for are English."""
    own = (HERE / "bant.toml").read_text("utf-8").replace('en = "BANT"', 'en = "BANT", de = "BANT-Bewertung"')
    (tmp_path / "bant.toml").write_text(own.replace('en = "Needs it"', 'en = "Needs it", de = "Hat Bedarf"'), "utf-8")
    german = cc.Workspace(plugins=[crmcore_schemes], config={"schemes": {"folder": tmp_path}}, language="de")

    found = german.score(
        "bant", cc.Dataset(lead=[{"id": "L", "budget": None, "authority": None, "need": True, "timeline": False}])
    )

    assert "BANT-Bewertung" in str(found)
    assert found.explain("L").splitlines() == [
        "lead L: 25 points, grade C (bant, revision 1)",
        "  +25  Hat Bedarf",
        "  no value, counts nothing: Can pay for it, May decide it",
    ]
