"""A workspace: its settings, its TOML file, its metrics and plugins, and what it keeps."""

from __future__ import annotations

import gc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, CurrencyError, DefinitionError, MetricNotFound, PluginError
from crmcore.workspace import Workspace

PLUGIN = """
import crmcore as cc

loss_rate_2 = cc.Metric(
    "loss_rate_2", cc.count(cc.col("outcome") == "lost") / cc.count(), unit="ratio", better="lower", anchor="closed_at"
)
"""

SETTINGS = """
timezone = "Asia/Shanghai"
currency = "CNY"
language = "zh"
plugins = ["metrics/mine.py"]

[calendar]
fiscal_start = 4
week_start = 6

[[rates]]
from = "USD"
to = "CNY"
valid_from = 2026-01-01
rate = 7.10

[[rates]]
from = "USD"
to = "CNY"
valid_from = 2026-02-01
rate = "7.2"
"""


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a workspace file beside a plugin."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "mine.py").write_text(PLUGIN, encoding="utf-8")

    def write(text: str):
        path = tmp_path / "crmcore.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_workspace_from_a_file(file) -> None:
    """Zone, calendar, currency, rates, language and plugins, whose paths are relative to the file."""
    workspace = Workspace.load(file(SETTINGS))

    assert (workspace.zone.name, workspace.currency, workspace.language) == ("Asia/Shanghai", "CNY", "zh")
    assert (workspace.calendar.fiscal_start, workspace.calendar.week_start) == (4, 6)
    assert workspace.metric("loss_rate_2").better == "lower"
    assert workspace.origins["loss_rate_2"].endswith("mine.py")
    assert workspace.origins["win_rate"] == "crmcore"


def test_what_the_file_says_is_what_is_measured(file) -> None:
    """T1, T7, M2: 31 January 20:00 UTC is February in Shanghai; 100 dollars of then are 720 yuan; April starts a year."""
    deals = [
        {
            "outcome": "won", "amount": Decimal(100), "amount_currency": "USD",
            "created_at": date(2026, 1, 1), "closed_at": datetime(2026, 1, 31, 20, tzinfo=UTC),
        },
        {
            "outcome": "won", "amount": Decimal(1), "amount_currency": "CNY",
            "created_at": date(2026, 1, 1), "closed_at": datetime(2026, 4, 1, tzinfo=UTC),
        },
    ]  # fmt: skip
    workspace, data = Workspace.load(file(SETTINGS)), cc.Dataset(opportunity=deals)

    months = workspace.measure("won_value", data, per="month").rows()
    assert [(r["period"], r["won_value"]) for r in months] == [("2026-02", 720.0), ("2026-03", 0.0), ("2026-04", 1.0)]
    years = workspace.measure("won_value", data, per="fiscal_year")
    assert [(r["period"], r["won_value"]) for r in years.rows()] == [("FY2026", 720.0), ("FY2027", 1.0)]
    assert years.settings | {"assumed": [], "pro_rata": False} == {
        "as_of": "2026-04-01", "as_of_source": "opportunity.closed_at", "timezone": "Asia/Shanghai", "fiscal_start": 4,
        "fiscal_pattern": "months", "week_start": 6, "currency": "CNY", "language": "zh", "assumed": [],
        "pro_rata": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timezon = 'UTC'", r"crmcore\.toml: no setting 'timezon'; did you mean 'timezone'\?"),
        ("colour = 'red'", r"no setting 'colour'; there are calendar, currency"),
        ("[calendar]\nfiscal_begin = 4", r"\[calendar\]: no setting 'fiscal_begin'"),
        ("[calendar]\nfiscal_start = 13", r"fiscal_start is a month from 1 to 12, not 13"),
        ("timezone = 'Mars/Olympus'", r"Mars/Olympus"),
        ("language = 'xx'", r"'xx'"),
        ("timezone = ", r"is no TOML"),
        (
            "[[rates]]\nfrom = 'USD'\nto = 'EUR'",
            r"\[\[rates\]\] number 1: rate, valid_from is missing; a rate has from",
        ),
        ("[[rates]]\nfrom = 'USD'\nto = 'EUR'\nvalid_from = 2026-01-01\nrate = 1\nfee = 2", r"no setting 'fee'"),
        ("[[rates]]\nfrom='USD'\nto='EUR'\nvalid_from=2026-01-01\nrate=1.1", r"rates need a currency to convert into"),
        ("[[rates]]\nfrom='USD'\nto='EUR'\nvalid_from=2026-01-01\nrate='x'", r"number 1: rate is a number, not 'x'"),
        ("[[rates]]\nfrom='USD'\nto='EUR'\nvalid_from=2026-01-01\nrate=-1", r"number 1: .*-1"),
        ("[[rates]]\nfrom=1\nto='EUR'\nvalid_from=2026-01-01\nrate=1", r"from is a code such as 'USD', not 1"),
        ("rates = ['USD']", r"number 1 is a table with from, to, valid_from and rate, not 'USD'"),
        ("timezone = 8", r"timezone is .*, not 8"),
        ("plugins = [1]", r"plugins is a path, not 1"),
        ("plugins = ['nothing.py']", r"no file .*nothing\.py' with metrics"),
    ],
)
def test_a_file_that_is_wrong_says_where(file, text, message) -> None:
    """The setting, its place in the file, and what would be right."""
    with pytest.raises((ArgumentError, ValueError), match=message):
        Workspace.load(file(text))


def test_a_file_that_is_not_there(tmp_path) -> None:
    """The path is named."""
    with pytest.raises(ArgumentError, match=r"no workspace file .*none\.toml"):
        Workspace.load(tmp_path / "none.toml")


# -- metrics and plugins -------------------------------------------------------------------------------


def test_two_definitions_of_one_name_name_both(tmp_path) -> None:
    """A plugin that redefines a metric of the catalogue, or of another plugin: the error says who and who."""
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text(PLUGIN, encoding="utf-8")
    two.write_text(PLUGIN, encoding="utf-8")
    own = cc.Metric("win_rate", cc.count(), unit="count", anchor="closed_at")

    with pytest.raises(DefinitionError, match=r"metric 'loss_rate_2' from .*two\.py is already defined by .*one\.py"):
        Workspace(plugins=[one, two])
    with pytest.raises(DefinitionError, match=r"metric 'win_rate' from metrics is already defined by crmcore"):
        Workspace(metrics=[own])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("x = 1", DefinitionError, r"defines no metric; write `loss_rate = crmcore\.Metric"),
        ("raise RuntimeError('no')", PluginError, r"cannot be executed: RuntimeError: no"),
        ("def (", PluginError, r"cannot be executed: SyntaxError"),
        ("METRICS = []", DefinitionError, r"defines no metric"),
        ("METRICS = [1]", DefinitionError, r"defines no metric"),
    ],
)
def test_a_plugin_that_is_none(tmp_path, text, error, message) -> None:
    """A file without metrics, or one that fails: the error names it and the failure."""
    path = tmp_path / "plugin.py"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(error, match=message):
        Workspace(plugins=[path])


def test_a_plugin_may_list_its_metrics(tmp_path) -> None:
    """What stands in METRICS is taken, in its order; other metrics in the file are its own business."""
    path = tmp_path / "plugin.py"
    path.write_text(
        PLUGIN + "\nhidden = loss_rate_2.renamed('hidden', loss_rate_2.formula)\nMETRICS = [loss_rate_2]\n",
        encoding="utf-8",
    )
    workspace = Workspace(plugins=[str(path)])

    assert workspace.metric("loss_rate_2").name == "loss_rate_2"
    with pytest.raises(MetricNotFound):
        workspace.metric("hidden")


def test_metrics_have_to_be_metrics() -> None:
    """A formula without a name is none."""
    with pytest.raises(ArgumentError, match=r"metrics takes crmcore\.Metric objects"):
        Workspace(metrics=[cc.count()])


def test_two_rates_for_one_day_are_an_error() -> None:
    """M2: which of them holds would be a guess; a rate has to be above zero."""
    rates = [
        cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 1, 1), rate=Decimal(r))
        for r in ("1.1", "1.2")
    ]

    with pytest.raises(CurrencyError, match="two rates EUR to USD from 2026-01-01"):
        Workspace(currency="USD", rates=rates)


# -- what is kept --------------------------------------------------------------------------------------


def test_a_workspace_keeps_plans_and_no_numbers() -> None:
    """The same question to other data gives other numbers; a question is planned once."""
    workspace = Workspace()
    data = [cc.Dataset(opportunity=[{"outcome": "won"}] * n) for n in (1, 2, 3)]

    assert [workspace.measure("won_deals", d).total["won_deals"] for d in data] == [1, 2, 3]
    assert len(workspace._plans) == 1
    for n in range(100):
        workspace.measure("won_deals", data[0], where=cc.col("outcome") != str(n))
    assert len(workspace._plans) <= 64


def test_a_workspace_does_not_hold_on_to_datasets() -> None:
    """The views that are kept of a dataset go when the dataset goes."""
    workspace = Workspace()
    data = cc.Dataset(opportunity=[{"outcome": "won", "closed_at": date(2026, 1, 1), "created_at": date(2026, 1, 1)}])
    for n in range(1, 12):
        workspace.measure("open_deals", data, as_of=date(2026, 1, n))

    assert len(workspace._views) == 1
    assert len(workspace._views[data]) <= 5
    del data
    gc.collect()
    assert len(workspace._views) == 0


def test_repr_says_what_it_is() -> None:
    """Metrics, zone and currency."""
    assert repr(Workspace(timezone="Asia/Shanghai", currency="CNY")).endswith("metrics, Asia/Shanghai, currency CNY)")
