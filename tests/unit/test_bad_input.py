"""Bad input gets a clear error, and nothing is lost: what was wrong, where, and what would have been right."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import (
    ArgumentError,
    ColumnNotFound,
    CurrencyError,
    DefinitionError,
    IngestError,
    MetricNotFound,
    ProfileError,
    TableNotFound,
)

HEADER = "id,outcome,amount,closed_at\n"
GOOD = "d1,won,100,2026-01-05\n"


def deal(n=1, **more):
    """Return a won deal."""
    return {"id": f"d{n}", "outcome": "won", "closed_at": date(2026, 1, n), "amount": Decimal(100), **more}


@pytest.fixture
def data():
    """Return two deals of two owners."""
    return cc.Dataset(opportunity=[deal(1, owner="Anna"), deal(2, owner="Bo")])


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a CSV file and returns its path."""

    def file(text: str, name: str = "opportunity.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return file


def only_issue(data):
    """Return the one issue of a dataset."""
    (issue,) = data.issues
    return issue


# -- names that nothing answers to ---------------------------------------------------------------------


def test_an_unknown_metric_names_the_nearest(data) -> None:
    """A misspelt metric: the error quotes it, names the nearest first, and carries them as data."""
    with pytest.raises(MetricNotFound, match=r"^no metric named 'win_rat'; did you mean 'win_rate'") as caught:
        cc.measure("win_rat", data)

    assert caught.value.nearest[0] == "win_rate"
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("won_value.trailin(90)", r"a metric has no trailin\(\); it has change\(\), .*trailing\(\)"),
        ("won_value.trailing(fortnight)", r"'fortnight' is no period; use day, week, month"),
        ("won_value.change(month, 3, 4)", r"change\(month, 3, 4\) has the wrong arguments"),
    ],
)
def test_a_window_that_is_none_says_what_there_is(data, name, message) -> None:
    """A window in a metric's name that does not exist: the error lists those that do."""
    with pytest.raises(ArgumentError, match=message):
        cc.measure(name, data)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"by": "ownr"}, r"^no column named 'ownr' in table 'opportunity'; did you mean 'owner'\?"),
        ({"by": ["owner", "regoin"]}, r"^no column named 'regoin' in table 'opportunity'; available: amount, "),
        (
            {"where": cc.col("outcom") == "won"},
            r"no column named 'outcom' in table 'opportunity'; did you mean 'outcome'",
        ),
        ({"by": "owner.team"}, r"^no column named 'owner.team' .*did you mean 'owner'"),
        ({"by": "opportunity.amount"}, r"^no column named 'opportunity.amount' .*did you mean 'amount'"),
        ({"by": cc.period("closd_at", "month")}, r"did you mean 'closed_at'"),
    ],
)
def test_an_unknown_dimension_names_table_and_nearest(data, question, message) -> None:
    """A misspelt group or condition: which table was looked in, and what is near, or else what it has."""
    with pytest.raises(ColumnNotFound, match=message):
        cc.measure("won_deals", data, **question)


def test_an_unknown_column_behind_a_reference() -> None:
    """`owner.tem`: the table that is referred to has no such column, but a near one."""
    data = cc.Dataset(opportunity=[deal(owner="Anna")], seller=[{"id": "Anna", "team": "north"}])

    with pytest.raises(ColumnNotFound, match=r"no column named 'tem' in table 'seller'; did you mean 'team'"):
        cc.measure("won_deals", data, by="owner.tem")


def test_a_metric_without_its_column_says_which_and_what_there_is() -> None:
    """won_value needs `amount`: the error names column, metric and table, and lists the columns that are there."""
    data = cc.Dataset(opportunity=[{"id": "d1", "outcome": "won", "closed_at": date(2026, 1, 1)}])

    message = r"column 'amount' is needed by 'won_value'.*table 'opportunity'; available: closed_at, id, outcome"
    with pytest.raises(ColumnNotFound, match=message):
        cc.measure(["won_deals", "won_value"], data)
    assert cc.measure("won_deals", data).total == {"won_deals": 1}


def test_a_metric_without_its_table_says_so(data) -> None:
    """leads_created on opportunities alone: the table, the metric that needs it, and the tables there are."""
    with pytest.raises(TableNotFound, match=r"no table named 'lead'.*'leads_created' needs it; available: opportunity"):
        cc.measure("leads_created", data)


def test_data_that_is_no_dataset() -> None:
    """Plain rows where a dataset belongs: the error says how to make one."""
    with pytest.raises(ArgumentError, match=r"crmcore\.Dataset\(\.\.\.\) or crmcore\.read\(\.\.\.\), got list"):
        cc.measure("won_deals", [deal()])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"per": "fortnight"}, r"per is one of day, week, month.*got 'fortnight'"),
        ({"where": True}, r"where takes a condition such as .*got True"),
        ({"by": ["owner", "owner"]}, r"by names a column twice: owner, owner"),
        ({"by": "period"}, r"'period' is the name of the period axis"),
        ({"as_of": "2026-01-01"}, r"as_of is a date or an aware datetime, got '2026-01-01'"),
        ({"by": 3}, r"by takes columns such as 'owner', or expressions such as .*, got 3"),
        ({"by": ["owner", None]}, r"by takes columns such as 'owner', or expressions such as .*, got None"),
        ({"interval": 2.0}, r"interval is True, or a confidence between 0 and 1 such as 0\.9, got 2\.0"),
        ({"interval": 0.0}, r"interval is True, or a confidence between 0 and 1 such as 0\.9, got 0\.0"),
        ({"interval": "95%"}, r"interval is True, or a confidence between 0 and 1 such as 0\.9, got '95%'"),
    ],
)
def test_arguments_out_of_range_fail_at_the_call(data, question, message) -> None:
    """Each argument of measure that means nothing is refused with what would be right."""
    with pytest.raises(ArgumentError, match=message):
        cc.measure("win_rate", data, **question)


@pytest.mark.parametrize("metrics", [3, None, ["win_rate", 3]])
def test_metrics_are_names_or_metrics(data, metrics) -> None:
    """A number in place of a metric is refused, alone and in a list."""
    with pytest.raises(ArgumentError, match=r"measure\(\) takes names of metrics, or Metric objects, got (3|None)"):
        cc.measure(metrics, data)


@pytest.mark.parametrize("name", ["sellers_at_quota_share", "forecast_wape"])
def test_a_roll_up_without_its_table_says_so(data, name) -> None:
    """A number per seller over two tables, of which one is not there: the table and the metric are named."""
    with pytest.raises(TableNotFound, match=rf"no table named '(target|forecast)'.*metric '{name}' needs it"):
        cc.measure(name, data)


def test_a_missing_column_is_laid_at_the_door_of_its_table() -> None:
    """`kind` is in table target and not in table activity: the metric on activities needs it, not the quota."""
    quota = {"owner": "Anna", "scope": "seller", "kind": "quota", "metric": "won_value", "amount": 1,
             "start": date(2026, 1, 1), "end": date(2027, 1, 1)}  # fmt: skip
    tables = {"opportunity": [deal()], "target": [quota], "activity": [{"owner": "Anna", "at": date(2026, 1, 1)}]}

    with pytest.raises(ColumnNotFound, match=r"column 'kind' is needed by 'calls': .* in table 'activity'"):
        cc.measure(["quota_attainment", "calls"], cc.Dataset(**tables))


@pytest.mark.parametrize("column", ["amount", "start", "end"])
def test_what_a_share_of_a_target_is_made_of(column) -> None:
    """M8: without amount, start or end a quota has no share of a period; the error names the column, not the share."""
    quota = {"scope": "seller", "owner": "Anna", "kind": "quota", "metric": "won_value", "amount": 1,
             "start": date(2026, 1, 1), "end": date(2027, 1, 1)}  # fmt: skip
    del quota[column]
    data = cc.Dataset(target=[quota], opportunity=[deal()])

    with pytest.raises(
        ColumnNotFound, match=rf"column '{column}' is needed by 'quota_value': .*in table 'target'"
    ) as e:
        cc.measure("quota_value", data, per="month")
    assert "in the period" not in str(e.value)


@pytest.mark.parametrize("ask", [cc.scorecard, lambda data, **more: cc.analyse("won_traits", data, **more)])
def test_every_question_checks_its_condition_and_its_data(data, ask) -> None:
    """What is no condition is not taken for a reason why nothing can be measured."""
    with pytest.raises(ArgumentError, match=r"where takes a condition such as .*got 'owner == 1'"):
        ask(data, where="owner == 1")
    with pytest.raises(ArgumentError, match=r"data is a Dataset, .*got dict"):
        ask({})


# -- cells that are not what their column holds --------------------------------------------------------


@pytest.mark.parametrize("parser", ["python", "arrow"])
def test_text_in_a_number_column_is_rejected_with_its_rows(write, parser) -> None:
    """The rows are named, quoted and kept aside; the others are measured; nothing is silently dropped."""
    data = cc.read(
        write(HEADER + GOOD + "d2,won,abc,2026-01-06\nd3,won,12,2026-01-07\nd4,won,-,2026-01-08\n"), parser=parser
    )
    issue = only_issue(data)

    assert (issue.kind, issue.table, issue.column, issue.count, issue.rejected) == (
        "not a number", "opportunity", "amount", 2, True,
    )  # fmt: skip
    assert issue.rows == (2, 4)
    assert "'abc'" in issue.detail
    assert [(r.row, r.record["id"], r.record["amount"]) for r in data.rejected] == [(2, "d2", "abc"), (4, "d4", "-")]
    assert cc.measure(["won_deals", "won_value"], data).total == {"won_deals": 2, "won_value": 112.0}
    assert cc.measure("won_deals", data).issues == data.issues


def test_text_in_a_number_column_of_dicts() -> None:
    """The same from Python rows: '7,5' is no number, and '5' is one."""
    data = cc.Dataset(opportunity=[deal(1, amount="5"), deal(2, amount="7,5"), deal(3, amount=Decimal(1))])

    assert (only_issue(data).rows, data.rejected[0].reason) == ((2,), "amount: not a number '7,5'")
    assert cc.measure("won_value", data).total == {"won_value": 6.0}


def test_naive_timestamps_need_a_zone() -> None:
    """T1: a timestamp without a zone is rejected, and the hint says where to state one; stated, its day is local to it."""
    rows = [deal(1, closed_at=datetime(2026, 3, 1, 0, 30)), deal(2, closed_at=datetime(2026, 3, 1, 0, 30, tzinfo=UTC))]
    refused = cc.Dataset(opportunity=rows)
    issue = only_issue(refused)

    assert (issue.kind, issue.rows, issue.rejected) == ("naive timestamp", (1,), True)
    assert "Dataset(timezone=...)" in issue.detail
    assert cc.measure("won_deals", refused).total == {"won_deals": 1}

    # 00:30 in Shanghai is the evening before in UTC: February
    taken = cc.Dataset(opportunity=rows, timezone="Asia/Shanghai")
    assert taken.issues == ()
    by_month = cc.measure("won_deals", taken, per="month").rows()
    assert by_month == [{"period": "2026-02", "won_deals": 1}, {"period": "2026-03", "won_deals": 1}]
    local = cc.Workspace(timezone="Asia/Shanghai").measure("won_deals", taken, per="month").rows()
    assert local == [{"period": "2026-03", "won_deals": 2}]


def test_naive_timestamps_in_questions_are_refused(data) -> None:
    """T1: neither as_of nor a condition takes a timestamp without a zone."""
    with pytest.raises(ArgumentError, match="has no time zone; give a date or an aware datetime"):
        cc.measure("won_deals", data, as_of=datetime(2026, 1, 1))
    with pytest.raises(DefinitionError, match="has no time zone; give an aware datetime or a date"):
        cc.col("closed_at") < datetime(2026, 1, 1)


def test_dates_out_of_range_are_rejected() -> None:
    """1600 and 2250 are typing errors: rejected, quoted, with the range that is taken."""
    data = cc.Dataset(opportunity=[deal(1), deal(2, closed_at=date(1600, 1, 1)), deal(3, closed_at=date(2250, 1, 1))])
    issue = only_issue(data)

    assert (issue.kind, issue.column, issue.count, issue.rows) == ("date out of range", "closed_at", 2, (2, 3))
    assert "'1600-01-01', '2250-01-01'; dates lie between 1900 and 2199" in issue.detail
    assert [r.record["id"] for r in data.rejected] == ["d2", "d3"]
    assert cc.measure("won_deals", data, per="year").rows() == [{"period": "2026", "won_deals": 1}]


def test_amounts_beyond_the_scale_are_rejected() -> None:
    """M1: more than nine decimals, or more than fits, is not rounded and not cut: the row is rejected and named."""
    data = cc.Dataset(
        opportunity=[
            deal(1, amount=Decimal("1.5")),
            deal(2, amount=Decimal("1.12345678901")),
            deal(3, amount=Decimal(10) ** 25),
        ]
    )
    issue = only_issue(data)

    assert (issue.kind, issue.column, issue.count, issue.rows) == ("amount beyond the scale", "amount", 2, (2, 3))
    assert [r.record["amount"] for r in data.rejected] == [Decimal("1.12345678901"), Decimal(10) ** 25]
    assert cc.measure("won_value", data).total == {"won_value": 1.5}


def test_duplicated_ids_keep_the_first_row() -> None:
    """The second row of an id is rejected and named; the first counts once."""
    data = cc.Dataset(opportunity=[deal(1, amount=Decimal(1)), deal(1, amount=Decimal(2)), deal(2, amount=Decimal(4))])
    issue = only_issue(data)

    assert (issue.kind, issue.column, issue.rows, issue.rejected) == ("duplicate id", "id", (2,), True)
    assert issue.detail == "'d1'; the first row with the id is kept"
    assert data.rejected[0].record["amount"] == Money("2")
    assert cc.measure(["won_deals", "won_value"], data).total == {"won_deals": 2, "won_value": 5.0}


# -- currencies ----------------------------------------------------------------------------------------

MIXED = [
    deal(1, amount=Decimal("100.00"), amount_currency="EUR", closed_at=date(2026, 1, 31)),
    deal(2, amount=Decimal("100.00"), amount_currency="EUR", closed_at=date(2026, 2, 1)),
    deal(3, amount=Decimal("50.00"), amount_currency="USD", closed_at=date(2026, 2, 1)),
    deal(4, amount=Decimal(7000), amount_currency="JPY", closed_at=date(2026, 2, 2)),
    deal(5, amount=None, amount_currency="EUR", closed_at=date(2026, 2, 3)),
]
RATES = [
    cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 1, 1), rate=Decimal("1.10")),
    cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 2, 1), rate=Decimal("1.25")),
]


def test_mixed_currencies_without_rates_are_never_added() -> None:
    """M2: the error names the currencies and the ways out; one currency by filter, or groups, need no rates."""
    data = cc.Dataset(opportunity=MIXED)

    with pytest.raises(
        CurrencyError, match=r"in EUR, JPY, USD: they are never added \(M2\).*currency and rates, or filter or group"
    ):
        cc.measure("won_value", data)
    with pytest.raises(CurrencyError):
        cc.measure("median_won_deal", data)
    assert cc.measure("won_deals", data).total == {"won_deals": 5}
    assert cc.measure("won_value", data, where=cc.col("amount_currency") == "EUR").total == {"won_value": 200.0}


def test_mixed_currencies_with_rates_convert_on_the_day_that_counts() -> None:
    """M2: 100 EUR at 1.10, 100 EUR at 1.25 on the first day of the new rate, 50 USD; yen have no rate: left out, counted."""
    workspace = cc.Workspace(currency="USD", rates=RATES)
    result = workspace.measure(
        ["won_value", "mean_won_deal", "median_won_deal", "won_deals"], cc.Dataset(opportunity=MIXED)
    )

    assert result.total == {
        "won_value": 110.0 + 125.0 + 50.0,
        "mean_won_deal": float(Fraction(285, 3)),
        "median_won_deal": 110.0,
        "won_deals": 5,
    }
    assert result.excluded == {"opportunity: no rate": 1, "opportunity: unpriced": 1}
    assert result["mean_won_deal"].n.tolist() == [3]
    by_month = workspace.measure("won_value", cc.Dataset(opportunity=MIXED), per="month").rows()
    assert by_month == [{"period": "2026-01", "won_value": 110.0}, {"period": "2026-02", "won_value": 175.0}]


def test_a_stock_is_converted_at_the_rate_of_as_of() -> None:
    """M2, T4: open amounts have no anchor day: they are worth what they are worth on the day looked from."""
    workspace = cc.Workspace(currency="USD", rates=RATES)
    data = cc.Dataset(
        opportunity=[
            {
                "id": "o1",
                "outcome": "open",
                "created_at": date(2026, 1, 5),
                "amount": Decimal(100),
                "amount_currency": "EUR",
            }
        ]
    )

    values = {
        day: workspace.measure("open_value", data, as_of=day).total["open_value"]
        for day in (date(2026, 1, 31), date(2026, 2, 1))
    }
    assert values == {date(2026, 1, 31): 110.0, date(2026, 2, 1): 125.0}


def test_rates_need_a_currency() -> None:
    """Rates without a currency to convert into, or of zero, mean nothing."""
    with pytest.raises(ArgumentError, match=r"rates need a currency to convert into"):
        cc.Workspace(rates=RATES)


def test_a_currency_beside_none_is_not_added() -> None:
    """M2: an amount without a declared currency has none, and never meets another."""
    rows = [deal(1, amount_currency="EUR"), deal(2, amount_currency=None)]

    with pytest.raises(CurrencyError, match=r"EUR"):
        cc.measure("won_value", cc.Dataset(opportunity=rows))


# -- files ---------------------------------------------------------------------------------------------


def test_an_empty_file_is_an_error(write) -> None:
    """A file without a byte has no header: the error names it, and nothing is half read."""
    with pytest.raises(IngestError, match=r"opportunity\.csv is empty: it has no header and no rows"):
        cc.read(write(""))


@pytest.mark.parametrize("per", [None, "month"])
def test_an_empty_table_is_a_result(write, per) -> None:
    """R2: counts and sums over no row are 0, ratios, means and medians undefined with a reason; no period, no rows."""
    metrics = ["won_deals", "won_value", "win_rate", "mean_won_deal", "median_won_deal"]
    for data in (cc.read(write(HEADER)), cc.Dataset(opportunity=[])):
        result = cc.measure(metrics, data, per=per)
        nothing = {"won_deals": 0, "won_value": 0.0, "win_rate": None, "mean_won_deal": None, "median_won_deal": None}

        assert result.rows() == ([nothing] if per is None else [])
        assert result.total == nothing
        if per is None:
            reasons = [result[name].reason(0) for name in metrics[2:]]
            assert reasons == ["denominator is zero", "nothing to measure", "nothing to measure"]
        assert cc.measure(metrics, data, by="outcome").rows() == []


@pytest.mark.parametrize("parser", ["python", "arrow"])
def test_a_cell_of_ten_million_characters_is_rejected(write, parser) -> None:
    """An oversized cell costs its own row: its length, column, limit and line are told, the other rows are read."""
    text = HEADER.replace("amount", "amount,note").replace("\n", "\n")
    data = cc.read(
        write(f"{text}d1,won,1,x,2026-01-05\nd2,won,2,{'9' * 10_000_000},2026-01-05\nd3,won,4,y,2026-01-05\n"),
        parser=parser,
    )
    issue = only_issue(data)

    assert (issue.kind, issue.count, issue.rows, issue.rejected) == ("oversized cell", 1, (2,), True)
    assert "10,000,000 characters in column 'note', the limit is 1,000,000 (opportunity.csv line 3)" in issue.detail
    assert [r.record["id"] for r in data.rejected] == ["d2"]
    assert cc.measure("won_value", data).total == {"won_value": 5.0}
    assert len(str(issue)) < 500


@pytest.mark.parametrize("parser", ["python", "arrow"])
def test_a_row_with_too_many_fields_is_rejected(write, parser) -> None:
    """The surplus is kept with the rejected row, and line and numbers of fields are told; too few are no better."""
    data = cc.read(write(HEADER + GOOD + "d2,won,2,2026-01-06,surplus\nd3,won,4\nd4,won,8,2026-01-08\n"), parser=parser)
    kinds = {i.kind: i for i in data.issues}

    assert kinds.keys() == {"too many cells", "too few cells"}
    assert "5 where the file has 4 columns (opportunity.csv line 3)" in kinds["too many cells"].detail
    assert "3 where the file has 4 columns (opportunity.csv line 4)" in kinds["too few cells"].detail
    surplus = next(r for r in data.rejected if r.row == 2)
    assert "surplus" in surplus.record.values()
    assert cc.measure(["won_deals", "won_value"], data).total == {"won_deals": 2, "won_value": 108.0}


def test_a_header_that_names_a_column_twice(write) -> None:
    """Which of two columns `amount` is meant is not guessed."""
    with pytest.raises(IngestError, match=r"the header of opportunity\.csv has 'amount' twice: in columns 2 and 3"):
        cc.read(write("id,amount,amount\nd1,1,2\n"))


# -- profiles ------------------------------------------------------------------------------------------

PROFILE = '[[file]]\nmatch = "*.csv"\ntable = "opportunity"\n[file.columns]\nid = "id"\n'


def test_a_profile_that_maps_a_column_twice(write, tmp_path) -> None:
    """The error names the profile and both lines, before any file is read."""
    profile = tmp_path / "crm.toml"
    profile.write_text(PROFILE + 'amount = "a"\namount = "b"\n', encoding="utf-8")

    with pytest.raises(
        ProfileError, match=r"crm\.toml line 7: column 'amount' is mapped twice \(first on line 6\)"
    ) as caught:
        cc.read(write("id,a,b\nd1,1,2\n", "deals.csv"), profile=profile)
    assert caught.value.line == 7


def test_a_profile_that_names_what_the_file_lacks(write, tmp_path) -> None:
    """The error names the line of the profile and the nearest column of the file."""
    profile = tmp_path / "crm.toml"
    profile.write_text(PROFILE + 'amount = "valu"\n', encoding="utf-8")

    with pytest.raises((ProfileError, IngestError), match=r"line 6.*'valu'.*'value'"):
        cc.read(write("id,value\nd1,1\n", "deals.csv"), profile=profile)


def test_nothing_is_lost(write) -> None:
    """Every row of a file with all these faults is either in the table or among the rejected, with a reason."""
    rows = [
        "d1,won,1,2026-01-05",
        "d2,won,x,2026-01-05",
        "d3,won,2,1200-01-01",
        "d1,won,3,2026-01-05",
        "d4,won,4,2026-01-05,5",
        "d5,won,4",
        "d6,won,1.12345678912,2026-01-05",
        "d7,lost,,2026-01-09",
        "d8,open,5,",
    ]
    data = cc.read(write(HEADER + "\n".join(rows) + "\n"))

    assert len(data["opportunity"]) + len(data.rejected) == len(rows)
    assert len(data.rejected) == sum(i.count for i in data.issues if i.rejected) == 6
    assert all(r.reason for r in data.rejected)
    assert {r.row for r in data.rejected} == {2, 3, 4, 5, 6, 7}
