"""Ingest repairs nothing silently and drops nothing silently: what is odd is listed, what is refused can be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from crmcore.domain import Account, Activity, Lead, Money, Opportunity, Seller, Split, Stage
from crmcore.errors import ArgumentError, ColumnNotFound, TableNotFound
from crmcore.table.column import Column
from crmcore.table.dataset import Dataset
from crmcore.table.draft import TableBuilder
from crmcore.table.ingest import assemble
from crmcore.table.issue import Issue
from crmcore.table.schema import schema_of
from crmcore.table.values import values_of

JAN, FEB, MAR = (datetime(2026, month, 1, 9, tzinfo=UTC) for month in (1, 2, 3))


def listed(data: Dataset, kind: str) -> list[Issue]:
    """Return the issues of one kind."""
    return [i for i in data.issues if i.kind == kind]


class TestRejected:
    def test_text_in_a_number_column_names_its_rows(self) -> None:
        """Two rows with words for amounts are out; the issue quotes the words, the rows can be read as they came."""
        rows = [
            {"id": 1, "amount": 5},
            {"id": 2, "amount": "n/a"},
            {"id": 3, "amount": "7.5"},
            {"id": 4, "amount": "?"},
        ]
        data = Dataset(cost=rows)

        assert values_of(data["cost"]["id"]) == [1, 3]
        assert values_of(data["cost"]["amount"]) == [Money(5), Money("7.5")]
        [issue] = data.issues
        assert issue == Issue("not a number", "cost", "amount", 2, rejected=True, rows=(2, 4), detail="'n/a', '?'")
        assert str(issue) == "cost.amount: not a number: 2 rejected (rows 2, 4): 'n/a', '?'"
        assert [(r.row, r.reason, dict(r.record)) for r in data.rejected] == [
            (2, "amount: not a number 'n/a'", {"id": 2, "amount": "n/a"}),
            (4, "amount: not a number '?'", {"id": 4, "amount": "?"}),
        ]
        assert data["cost"].row_numbers(np.array([0, 1])).tolist() == [0, 2]

    def test_naive_timestamps_without_a_zone(self) -> None:
        """A clock time of nowhere rejects its row; the issue says what to state (T1)."""
        rows = [{"id": 1, "created_at": datetime(2026, 1, 1, 8)}, {"id": 2, "created_at": JAN}]
        data = Dataset(lead=rows)

        [issue] = listed(data, "naive timestamp")
        assert (issue.count, issue.rows, issue.rejected) == (1, (1,), True)
        assert (
            issue.detail
            == "'2026-01-01T08:00:00'; it has no time zone; state one: Dataset(timezone=...), or in the profile"
        )
        assert values_of(data["lead"]["id"]) == [2]
        assert dict(data.rejected[0].record)["id"] == 1
        assert values_of(Dataset(timezone="Asia/Shanghai", lead=rows)["lead"]["created_at"])[0] == datetime(
            2026, 1, 1, 0, tzinfo=UTC
        )

    def test_dates_out_of_range(self) -> None:
        """9999-12-31 is no close date (a placeholder is to be declared as a null word)."""
        data = Dataset(
            opportunity=[{"id": 1, "expected_close": date(9999, 12, 31)}, {"id": 2, "expected_close": date(2026, 1, 1)}]
        )

        [issue] = listed(data, "date out of range")
        assert issue.detail == "'9999-12-31'; dates lie between 1900 and 2199"
        assert len(data["opportunity"]) == 1

    def test_amounts_beyond_the_scale(self) -> None:
        """An amount with ten decimals is an issue, found at the end or at once."""
        data = Dataset(cost=[{"amount": Decimal("0.1234567891")}, {"amount": Decimal(1)}])

        assert [(i.kind, i.rows, i.rejected) for i in data.issues] == [("amount beyond the scale", (1,), True)]
        late = Dataset(cost=[{"amount": Decimal(10**15)}] + [{"amount": 1}] * 5000 + [{"amount": Decimal("0.00001")}])
        assert [(r.row, r.reason) for r in late.rejected] == [(1, f"amount: amount beyond the scale '{10**17}'")]
        assert len(late["cost"]) == 5001

    @pytest.mark.parametrize("ids", [[7, 3, 7, 7, 5], ["a", "b", "a", "a", "c"], [10**12, 3, 10**12, 10**12, 5]])
    def test_the_first_row_with_an_id_is_kept(self, ids: list[Any]) -> None:
        """Later rows of the same id are rejected, whether ids are numbers or text."""
        data = Dataset(lead={"id": ids, "owner": list("vwxyz")})

        assert values_of(data["lead"]["id"]) == [ids[0], ids[1], ids[4]]
        assert values_of(data["lead"]["owner"]) == ["v", "w", "z"]
        [issue] = data.issues
        assert (issue.kind, issue.count, issue.rows, issue.rejected) == ("duplicate id", 2, (3, 4), True)
        assert issue.detail == f"{ids[0]!r}; the first row with the id is kept"
        assert [(r.row, r.record["owner"]) for r in data.rejected] == [(3, "x"), (4, "y")]

    def test_a_rejected_row_does_not_take_an_id(self) -> None:
        """The row that is refused for its amount leaves its id to the next one."""
        data = Dataset(cost=[{"id": 1, "amount": "x"}, {"id": 1, "amount": 5}])

        assert values_of(data["cost"]["amount"]) == [Money(5)]
        assert [i.kind for i in data.issues] == ["not a number"]

    def test_a_blank_id(self) -> None:
        """An opportunity without an id cannot be told from another."""
        data = Dataset(opportunity=[{"id": None, "owner": "a"}, {"id": 2, "owner": "b"}])

        assert [(i.kind, i.rows) for i in listed(data, "blank id")] == [("blank id", (1,))]
        assert len(data["opportunity"]) == 1

    def test_a_row_with_too_many_or_too_few_values(self) -> None:
        """Tuples that do not fit their names are rejected as they came; the others keep their row numbers."""
        data = Dataset(lead=(["id", "owner"], [(1, "a"), (2, "b", "c"), (3,), (4, "d")]))

        assert values_of(data["lead"]["id"]) == [1, 4]
        assert [(i.kind, i.count, i.rows, i.column) for i in data.issues] == [
            ("too many values", 1, (2,), ""),
            ("too few values", 1, (3,), ""),
        ]
        assert [dict(r.record) for r in data.rejected] == [{"id": 2, "owner": "b", "value 3": "c"}, {"id": 3}]
        assert data["lead"].row_numbers(np.arange(2)).tolist() == [0, 3]

    def test_an_unknown_outcome(self) -> None:
        """A word that is no outcome rejects the row and names those there are (O1)."""
        data = Dataset(opportunity=[{"id": 1, "outcome": "Won"}, {"id": 2, "outcome": "on hold"}])

        [issue] = listed(data, "unknown outcome")
        assert issue.detail == "'on hold'; outcomes are open, won, lost, abandoned"
        assert values_of(data["opportunity"]["outcome"]) == ["won"]

    def test_an_issue_quotes_a_few_examples(self) -> None:
        """Five row numbers and three words stand for a thousand."""
        data = Dataset(cost={"amount": [f"x{i}" for i in range(1000)]})

        [issue] = data.issues
        assert (issue.count, issue.rows, issue.detail) == (1000, (1, 2, 3, 4, 5), "'x0', 'x1', 'x2' …")
        assert len(data.rejected) == 1000
        assert str(issue).startswith("cost.amount: not a number: 1000 rejected (rows 1, 2, 3, 4, 5 …)")
        assert issue.to_dict()["rows"] == [1, 2, 3, 4, 5]

    def test_long_text_is_cut_in_messages_only(self) -> None:
        """A cell of ten million characters is quoted by its beginning, and kept whole in the rejected row."""
        text = "x" * 10_000_000
        data = Dataset(cost=[{"amount": text}])

        assert data.issues[0].detail == repr("x" * 60 + "… (10000000 characters)")
        assert data.rejected[0].record["amount"] is text

    def test_a_host_that_rejects_most_rows_is_told_of_each_column(self) -> None:
        """A row with two bad cells is one rejected row, and two issues."""
        data = Dataset(opportunity=[{"id": 1, "amount": "x", "closed_at": "y"}])

        assert [(i.column, i.kind) for i in data.issues] == [("amount", "not a number"), ("closed_at", "not a date")]
        assert len(data.rejected) == 1


class TestKept:
    def test_float_amounts_are_counted(self) -> None:
        """A float is no amount; it is read as it is written, and the issue says how many (Q3)."""
        data = Dataset(cost={"amount": [0.1, 2, None]})

        [issue] = data.issues
        assert (issue.kind, issue.count, issue.rejected, issue.rows) == ("float amount", 1, False, (1,))
        assert values_of(data["cost"]["amount"]) == [Money("0.1"), Money(2), None]

    def test_closed_at_exists_only_while_closed(self) -> None:
        """An open opportunity with a close date, and a closed one without, are listed and kept as they are (O4, O6)."""
        rows = [
            {"id": 1, "outcome": "open", "closed_at": FEB, "created_at": JAN},
            {"id": 2, "outcome": "lost", "closed_at": None, "created_at": JAN},
            {"id": 3, "outcome": "won", "closed_at": JAN, "created_at": JAN},
            {"id": 4, "outcome": "open", "closed_at": None, "created_at": JAN},
        ]
        data = Dataset(opportunity=rows)

        assert [(i.kind, i.rows) for i in data.issues] == [
            ("closed_at on an open opportunity", (1,)),
            ("closed without closed_at", (2,)),
        ]
        assert values_of(data["opportunity"]["closed_at"]) == [FEB, None, JAN, None]

    def test_negative_elapsed_times_are_listed(self) -> None:
        """Closed before created is kept and listed; the same instant is not (T3, O6)."""
        data = Dataset(
            opportunity=[
                {"id": 1, "outcome": "won", "created_at": MAR, "closed_at": FEB},
                {"id": 2, "outcome": "won", "created_at": MAR, "closed_at": MAR},
            ],
            lead=[{"id": 1, "created_at": date(2026, 3, 2), "converted_at": date(2026, 3, 1), "converted": True}],
        )

        assert [(i.kind, i.table, i.column, i.rows) for i in data.issues] == [
            ("closed before created", "opportunity", "closed_at", (1,)),
            ("converted before created", "lead", "converted_at", (1,)),
        ]

    def test_dates_and_instants_are_compared_by_local_days(self) -> None:
        """Closed on 1 March, created at 20:00 UTC on it: in Shanghai that is the day after (T1, T2, T3)."""
        rows = [
            {
                "id": 1,
                "outcome": "won",
                "created_at": datetime(2026, 3, 1, 20, tzinfo=UTC),
                "closed_at": date(2026, 3, 1),
            }
        ]

        assert Dataset(opportunity=rows).issues == ()
        assert [i.kind for i in Dataset(timezone="Asia/Shanghai", opportunity=rows).issues] == ["closed before created"]

    def test_won_without_an_amount_is_unpriced(self) -> None:
        """No amount is not zero: a won deal without one is counted, an amount of 0 is an amount (M3)."""
        rows = [
            Opportunity(1, outcome="won", closed_at=FEB),
            Opportunity(2, outcome="won", closed_at=FEB, amount=Money(0)),
            Opportunity(3, outcome="won", closed_at=FEB, won_amount=Money(5)),
            Opportunity(4),
        ]
        [issue] = Dataset(opportunity=rows).issues

        assert (issue.kind, issue.column, issue.rows, issue.rejected) == ("unpriced", "amount", (1,), False)

    def test_a_converted_date_on_a_lead_that_is_not(self) -> None:
        """What a record of ours forbids, a host's rows may have: it is listed."""
        rows = [{"id": 1, "converted": False, "converted_at": JAN}, {"id": 2, "converted": True, "converted_at": JAN}]

        assert [(i.kind, i.rows) for i in Dataset(lead=rows).issues] == [("converted_at on a lead not converted", (1,))]

    def test_scores_that_the_question_does_not_have(self) -> None:
        """From 0 to 10 one recommends, 11 and -1 are listed; satisfaction has the host's own scale, and blank is no score."""
        rows = [{"kind": "nps", "score": s, "at": JAN} for s in (0, 10, 11, -1, None)] + [
            {"kind": "csat", "score": 70, "at": JAN}
        ]
        [issue] = Dataset(response=rows).issues

        assert (issue.kind, issue.column, issue.rows, issue.rejected) == (
            "nps score outside 0 to 10",
            "score",
            (3, 4),
            False,
        )
        assert Dataset(response=rows[5:]).issues == ()

    def test_splits_sum_to_one(self) -> None:
        """Shares of 60 and 50 percent are listed, three thirds are not, and overlays may sum to anything (M6)."""

        def split(opportunity: str, share: Any, kind: str = "revenue") -> Split:
            return Split(opportunity=opportunity, seller="s", share=share, kind=kind)

        third = Fraction(1, 3)
        data = Dataset(
            split=[
                split("a", Decimal("0.6")),
                split("a", Decimal("0.5")),
                split("b", third),
                split("b", third),
                split("b", third),
                split("b", Decimal("0.9"), "overlay"),
                split("c", Decimal(1)),
            ]
        )

        [issue] = data.issues
        assert (issue.kind, issue.rows, issue.detail) == ("shares do not sum to one", (1, 2), "'a': 1.1")

    def test_spans_that_end_before_they_start(self) -> None:
        """Periods that run backwards are listed."""
        data = Dataset(
            target=[
                {"start": date(2026, 2, 1), "end": date(2026, 1, 1)},
                {"start": date(2026, 2, 1), "end": date(2026, 3, 1)},
            ]
        )

        assert [(i.kind, i.rows) for i in data.issues] == [("end before start", (1,))]


class TestLeftOut:
    def test_deleted_merged_sample_and_test_records_count_nowhere(self) -> None:
        """They are taken out and counted by the first reason; archived ones stay (O3, E05, E48)."""
        data = Dataset(
            opportunity=[
                Opportunity(1),
                Opportunity(2, deleted=True, test=True),
                Opportunity(3, sample=True),
                Opportunity(4, test=True),
                Opportunity(5, merged_into=1),
                Opportunity(6, archived=True),
                Opportunity(7, deleted=True),
            ]
        )

        table = data["opportunity"]
        assert values_of(table["id"]) == [1, 6]
        assert dict(table.excluded) == {"deleted": 2, "sample": 1, "test": 1, "merged": 1}
        assert (data.issues, data.rejected) == ((), ())

    def test_what_refers_to_a_deleted_record_is_not_odd(self) -> None:
        """A visit to a deleted account still has an account (O3)."""
        data = Dataset(
            account=[Account("a", deleted=True), Account("b")], activity=[Activity(account="a"), Activity(account="b")]
        )

        assert data.issues == ()


class TestReferences:
    def test_labels_without_a_record_are_listed(self) -> None:
        """Two products of another spelling: the issue names the label and how many rows have it."""
        rows = [{"id": i, "product": p} for i, p in enumerate(["GTX Pro", "GTXPro", None, "GTXPro", "MG"], 1)]
        data = Dataset(opportunity=rows, product=[{"id": "GTX Pro"}, {"id": "MG"}])

        [issue] = data.issues
        assert issue == Issue(
            "unknown reference", "opportunity", "product", 2, rows=(2, 4), detail="no product 'GTXPro' (2)"
        )
        assert values_of(data["opportunity"]["product"])[1] == "GTXPro"
        assert dict(data["opportunity"].references) == {"product": "product"}

    def test_references_are_those_whose_table_is_there(self) -> None:
        """`owner` is a seller; without sellers it is a category."""
        rows = [Opportunity(1, owner="Anna", account="x")]

        assert dict(Dataset(opportunity=rows, seller=[Seller("Anna")])["opportunity"].references) == {
            "owner": "seller",
            "merged_into": "opportunity",
        }
        assert "owner" not in Dataset(opportunity=rows)["opportunity"].references

    def test_numbers_and_text_meet(self) -> None:
        """Ids that are numbers and references that are their text are one thing, on either side."""
        numbers = Dataset(
            opportunity=[{"id": 1, "owner": "7"}, {"id": 2, "owner": 7}, {"id": 3, "owner": "08"}],
            seller={"id": [7, 8]},
        )
        text = Dataset(opportunity=[{"id": 1, "owner": 7}, {"id": 2, "owner": "7"}], seller={"id": ["7", "x"]})

        assert values_of(numbers["opportunity"]["owner"]) == [7, 7, "08"]
        assert [i.detail for i in numbers.issues] == ["no seller '08' (1)"]
        assert values_of(text["opportunity"]["owner"]) == ["7", "7"]
        assert text.issues == ()

    def test_tables_of_the_host_refer_by_name(self) -> None:
        """A column named like a table holds its ids, also in a table that the domain does not know."""
        data = Dataset(store=[{"id": 1, "opportunity": 5}, {"id": 2, "opportunity": 6}], opportunity=[Opportunity(5)])

        assert dict(data["store"].references) == {"opportunity": "opportunity"}
        assert [i.detail for i in data.issues] == ["no opportunity 6 (1)"]

    def test_only_rows_that_are_taken_are_looked_at(self) -> None:
        """A label that only a rejected row has is not listed."""
        data = Dataset(
            activity=[{"id": 1, "owner": "x", "quantity": "?"}, {"id": 2, "owner": "a"}], seller=[Seller("a")]
        )

        assert [i.kind for i in data.issues] == ["not a number"]

    def test_many_unknown_labels_are_counted(self) -> None:
        """The ten most frequent are named."""
        owners = [f"o{i}" for i in range(14) for _ in range(14 - i)]
        [issue] = Dataset(lead={"id": list(range(len(owners))), "owner": owners}, seller=[Seller("a")]).issues

        assert issue.count == 105
        assert issue.detail.startswith("no seller 'o0' (14), 'o1' (13)")
        assert issue.detail.endswith("'o9' (5) and 4 more")


class TestOutcome:
    def test_it_comes_from_the_kind_of_the_stage(self) -> None:
        """Without an outcome the stage's declared kind says it, by id or by name; probability never does (O2)."""
        stages = [
            Stage("s1", name="Signed", kind="won", probability=Decimal("0.1")),
            Stage("s2", name="Talk", probability=Decimal(1)),
        ]
        rows = [{"id": i, "stage": s} for i, s in enumerate(["s1", "Signed", "s2", "nowhere", None], 1)]
        data = Dataset(opportunity=rows, stage=stages)

        assert values_of(data["opportunity"]["outcome"]) == ["won", "won", "open", None, None]
        [derived] = listed(data, "outcome derived")
        assert (derived.count, derived.rejected, derived.detail) == (5, False, "from the kind of its stage")
        assert [i.rows for i in listed(data, "no outcome")] == [(4, 5)]

    def test_it_comes_from_the_flags_of_the_host(self) -> None:
        """Closed and not won is lost (O2)."""
        flags = {
            "id": [1, 2, 3, 4, 5],
            "is_won": [True, False, False, None, True],
            "is_closed": [True, True, False, False, False],
        }

        assert values_of(Dataset(opportunity=flags)["opportunity"]["outcome"]) == ["won", "lost", "open", None, "won"]

    def test_flags_of_stages_are_kinds(self) -> None:
        """Stages that only say is_closed and is_won have a kind, too (O2)."""
        stages = {"id": ["a", "b"], "is_won": [True, False], "is_closed": [True, False]}
        data = Dataset(opportunity=[{"id": 1, "stage": "a"}, {"id": 2, "stage": "b"}], stage=stages)

        assert values_of(data["opportunity"]["outcome"]) == ["won", "open"]

    def test_an_outcome_that_is_given_is_not_touched(self) -> None:
        """The host's own outcome wins over its stage, and without either there is none."""
        data = Dataset(opportunity=[{"id": 1, "outcome": "lost", "stage": "a"}], stage=[Stage("a", kind="won")])

        assert values_of(data["opportunity"]["outcome"]) == ["lost"]
        assert "outcome" not in Dataset(opportunity=[{"id": 1, "stage": "a"}])["opportunity"]

    def test_a_blank_one_is_that_of_the_stage(self) -> None:
        """Where some deals have an outcome, the stage's kind says that of the others, and only theirs (O2)."""
        stages = [{"id": "a"}, {"id": "w", "kind": "won"}]
        rows = [
            {"id": 1, "stage": "a"},
            {"id": 2, "stage": "w"},
            {"id": 3, "stage": "w", "outcome": "lost"},
            {"id": 4, "stage": "nowhere"},
            {"id": 5},
            {"id": 6, "stage": "a", "deleted": True},
            {"id": 7, "stage": "a", "amount": "x"},
        ]
        data = Dataset(opportunity=rows, stage=stages)

        assert values_of(data["opportunity"]["outcome"]) == ["open", "won", "lost", None, None]
        assert values_of(data.left_out["opportunity"]["outcome"]) == ["open"]
        [derived] = listed(data, "outcome derived")
        assert (derived.count, derived.rows, derived.detail) == (2, (1, 2), "from the kind of its stage")
        assert [i.rows for i in listed(data, "no outcome")] == [(4, 5)]
        assert data["opportunity"]["outcome"].labels == (None, "open", "won", "lost", "abandoned")

    def test_a_blank_one_is_that_of_the_flags(self) -> None:
        """The host's flags come before the stage, and a deal with neither stays blank (O2)."""
        rows = {
            "id": [1, 2, 3], "outcome": ["won", None, None], "stage": ["a", "a", "a"],
            "is_won": [False, False, None], "is_closed": [False, True, True],
        }  # fmt: skip
        data = Dataset(opportunity=rows)

        assert values_of(data["opportunity"]["outcome"]) == ["won", "lost", None]
        [derived] = listed(data, "outcome derived")
        assert (derived.rows, derived.detail) == ((2,), "from is_won and is_closed")

    def test_nothing_is_told_where_nothing_is_filled(self) -> None:
        """Outcomes that are all there, or that no stage says, are taken as they are."""
        stages = [Stage("a")]
        for outcome, stage in (("won", "a"), (None, "nowhere")):
            data = Dataset(opportunity=[{"id": 1, "outcome": outcome, "stage": stage}], stage=stages)

            assert values_of(data["opportunity"]["outcome"]) == [outcome]
            assert not listed(data, "outcome derived")

    def test_a_stage_without_a_kind_is_open(self) -> None:
        """Beside stages that have one, as a record of a stage is; its flags come first; where none has a kind, none is known (O2)."""
        rows = [{"id": n, "stage": stage} for n, stage in enumerate("abc", 1)]
        stages = {"id": ["a", "b", "c"], "kind": ["won", None, None]}
        flags = {"is_won": [True, True, None], "is_closed": [True, True, None]}

        found = [
            Dataset(opportunity=rows, stage=some)["opportunity"].columns.get("outcome")
            for some in (stages, stages | flags, {**stages, "kind": [None] * 3}, {**stages, "kind": [None] * 3} | flags)
        ]

        assert [None if column is None else values_of(column) for column in found] == [
            ["won", "open", "open"],
            ["won", "won", "open"],
            None,
            ["won", "won", None],
        ]


class TestCurrencies:
    def test_a_currency_beside_the_amount_is_its_own(self) -> None:
        """`currency` stands for all amounts of a row, `won_amount_currency` for one (M2)."""
        data = Dataset(
            opportunity={
                "id": [1, 2],
                "amount": [5, 6],
                "won_amount": [7, 8],
                "currency": ["EUR", "USD"],
                "won_amount_currency": ["CNY", "CNY"],
            }
        )
        table = data["opportunity"]

        assert values_of(table["amount"]) == [Money(5, "EUR"), Money(6, "USD")]
        assert values_of(table["won_amount"]) == [Money(7, "CNY"), Money(8, "CNY")]
        assert table["won_amount"].currency == "CNY"
        assert isinstance(table["amount"].currency, Column)

    def test_records_have_a_currency_to_group_by(self) -> None:
        """Amounts of records bring the column that a file would have (M2)."""
        table = Dataset(opportunity=[Opportunity(1, amount=Money(5, "EUR")), Opportunity(2)])["opportunity"]

        assert values_of(table["currency"]) == ["EUR", None]
        assert "currency" not in Dataset(opportunity=[Opportunity(1, amount=Money(5))])["opportunity"]


class TestDrafts:
    def test_rows_keep_the_numbers_of_their_file(self) -> None:
        """A reader that leaves rows out says which; issues, rejected rows and tables count as the file does."""
        builder = TableBuilder("cost", [schema_of("cost").spec(n) for n in ("id", "amount")])
        for ids, amounts, numbers in (([1, 2], ["5", "x"], [0, 3]), ([2, 4], ["7", "8"], [4, 9])):
            builder.builders["id"].add(ids)
            builder.builders["amount"].add_text(amounts)
            builder.rows(2, lambda row, amounts=amounts: {"amount": amounts[row]}, np.array(numbers))  # type: ignore[misc]
        made = assemble([builder.finish()])

        assert made.tables["cost"].row_numbers(np.arange(3)).tolist() == [0, 4, 9]
        assert [(i.kind, i.rows) for i in made.issues] == [("not a number", (4,))]
        assert [(r.row, dict(r.record)) for r in made.rejected] == [(4, {"amount": "x"})]
        again = Dataset(cost=made.tables["cost"], seller=[])
        assert again["cost"].row_numbers(np.arange(3)).tolist() == [0, 4, 9]

    def test_columns_that_come_late_are_blank_before(self) -> None:
        """A builder takes columns by name; others are blank in those rows."""
        builder = TableBuilder("visit", [schema_of("visit").spec("a")])
        builder.add(["a"], [[1, 2]])
        builder.column(schema_of("visit").spec("b"))
        builder.add(["b"], [["x"]])
        draft = builder.finish()

        assert {n: values_of(c) for n, c in draft.columns.items()} == {"a": [1, 2, None], "b": [None, None, "x"]}


class TestDataset:
    def test_it_is_a_mapping_of_tables(self) -> None:
        """Tables by name; one that is not there is an error with the nearest names."""
        data = Dataset(lead=[Lead(1)], cost=[])

        assert (list(data), len(data), "lead" in data, "deal" in data) == (["lead", "cost"], 2, True, False)
        assert repr(data) == "Dataset(lead: 1, cost: 0; 0 issues, 0 rows rejected)"
        with pytest.raises(TableNotFound, match="did you mean 'lead'"):
            data["leads"]
        assert {data: 1}[data] == 1

    def test_an_empty_table_has_the_columns_of_its_record(self) -> None:
        """No rows are a result, not an error: metrics find their columns (R2)."""
        for nothing in ([], {}, iter(())):
            table = Dataset(opportunity=nothing)["opportunity"]
            assert len(table) == 0
            assert {"id", "outcome", "closed_at", "amount", "owner"} <= table.columns.keys()
            assert table["outcome"].labels == (None, "open", "won", "lost", "abandoned")
        assert list(Dataset(visit=[])["visit"].columns) == ["id"]

    def test_a_table_without_ids_has_row_numbers(self) -> None:
        """Rows count from 1, as people count them."""
        assert values_of(Dataset(visit={"n": [5, 6]})["visit"]["id"]) == [1, 2]
        assert values_of(Dataset(activity=[Activity(kind="call"), Activity(kind="visit")])["activity"]["id"]) == [1, 2]

    def test_unknown_columns_stay_available(self) -> None:
        """What no record knows is a dimension of the kind that its values have."""
        table = Dataset(opportunity=[{"id": 1, "mood": "good", "floor": 3, "vip": True, "x": None}])["opportunity"]

        assert {n: table[n].kind for n in ("mood", "floor", "vip", "x")} == {
            "mood": "key",
            "floor": "count",
            "vip": "flag",
            "x": "key",
        }

    def test_tables_of_a_dataset_serve_another(self) -> None:
        """A table is taken as it is, with what was left out of it."""
        first = Dataset(opportunity=[Opportunity(1, owner="a"), Opportunity(2, deleted=True)])
        second = Dataset(opportunity=first["opportunity"], seller=[Seller("b")])

        table = second["opportunity"]
        assert (values_of(table["id"]), dict(table.excluded)) == ([1], {"deleted": 1})
        assert [i.detail for i in second.issues] == ["no seller 'a' (1)"]

    def test_it_can_be_made_of_tables_alone(self) -> None:
        """`Dataset.of` checks nothing: readers of files use it."""
        data = Dataset(lead=[Lead(1)])
        issue = Issue("odd", "lead", "", 1)

        again = Dataset.of(data.tables, [issue])
        assert again["lead"] is data["lead"]
        assert again.issues == (issue,)

    def test_what_cannot_be_guessed_is_stated(self) -> None:
        """`how` says of a column what a profile would: scale, unit, words, even another kind (E57)."""
        rows = [{"id": 1, "probability": 30, "created_at": 1_767_261_600_000, "owner": "n/a", "floor": 3}]
        data = Dataset(
            opportunity=rows,
            how={
                "opportunity.probability": {"percent": 100},
                "opportunity.created_at": {"unit": "milliseconds"},
                "opportunity.owner": {"null_words": frozenset({"n/a"})},
                "opportunity.floor": {"kind": "key"},
            },
        )
        table = data["opportunity"]

        assert {n: values_of(table[n])[0] for n in ("probability", "created_at", "owner", "floor")} == {
            "probability": Decimal("0.3"),
            "created_at": datetime(2026, 1, 1, 10, tzinfo=UTC),
            "owner": None,
            "floor": 3,
        }
        assert table["floor"].kind == "key"

    def test_what_is_stated_must_mean_something(self) -> None:
        """Options, tables and columns that are not there are errors with the nearest names."""
        rows = [{"id": 1, "score": 5}]
        for how, error, words in (
            ({"lead.score": {"percnt": 100}}, ArgumentError, "no option 'percnt'; did you mean 'percent'"),
            ({"deal.score": {"percent": 100}}, ArgumentError, "names no column of these tables"),
            ({"score": {"percent": 100}}, ArgumentError, "write 'table.column'"),
            ({"lead.scor": {"decimals": 2}}, ColumnNotFound, "did you mean 'score'"),
        ):
            with pytest.raises(error, match=words):
                Dataset(lead=rows, how=how)

    def test_arguments_fail_at_the_call(self) -> None:
        """A zone that does not exist, and a table that is None."""
        with pytest.raises(ArgumentError, match="Asia/Shanghai"):
            Dataset(timezone="Asia/Shangai", lead=[])
        with pytest.raises(ArgumentError, match="table 'lead' is None"):
            Dataset(lead=None)

    def test_inputs_are_not_changed(self) -> None:
        """Rows, arrays and dicts are as they were."""
        rows: list[Any] = [{"id": 1, "amount": " 5 "}, {"id": 1, "amount": "x"}]
        arrays = {"id": np.array([3, 3]), "amount": np.array([0.5, np.nan])}
        Dataset(cost=rows)
        Dataset(cost=arrays)

        assert rows == [{"id": 1, "amount": " 5 "}, {"id": 1, "amount": "x"}]
        assert arrays["id"].tolist() == [3, 3]
        assert np.isnan(arrays["amount"]).tolist() == [False, True]


def test_a_file_that_was_not_read_belongs_to_no_table() -> None:
    """Its issue begins with what it is."""
    assert str(Issue("file not read", "", "", 2, detail="a.csv, b.csv")) == "file not read: 2 kept: a.csv, b.csv"


@pytest.mark.parametrize(("mine", "theirs"), [("7", 7), (7, "7"), ("7", "7"), (7, 7)])
def test_the_outcome_is_found_whether_ids_of_stages_are_numbers_or_texts(mine, theirs) -> None:
    """O2: a file says 7 where the table of stages has the number 7; both mean the same stage."""
    stages = [{"id": theirs, "kind": "won"}]
    data = Dataset(opportunity=[{"id": "A", "stage": mine}], stage=stages)

    assert values_of(data["opportunity"]["outcome"]) == ["won"]
