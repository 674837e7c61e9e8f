"""ABC grading of accounts: a scorer of its own, for what rules on single rows cannot say.

Copy this where a score needs arithmetic. A scorer is any object with the members of `crmcore.scoring.Scorer`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import numpy as np

import crmcore as cc
from crmcore.errors import ArgumentError
from crmcore.evaluate.pricing import priced
from crmcore.evaluate.rows import Rows, rows_of
from crmcore.scoring import Reason, Scores
from crmcore.scoring.scores import ids_of
from crmcore.state.listing import Heading
from crmcore.table.column import Column

WON = cc.col("outcome") == "won"
REVENUE = Heading("revenue", "money", {"en": "Revenue", "zh": "收入"})
LARGER = Reason("larger_accounts", {"en": "Share made by larger accounts, %", "zh": "更大客户的收入占比（%）"})


def _percent(_: Any, attribute: attrs.Attribute[int], value: int) -> None:
    if not 0 <= value <= 100:
        raise ArgumentError(f"{attribute.name} is a percentage from 0 to 100, got {value!r}")


@attrs.frozen
class AbcGrading:
    """Grades accounts by the revenue of those before them.

    score = 100 - percentage of the revenue that accounts with more revenue make

    An account is A where that percentage is below `a_percent`, B where it is below `b_percent`, else C. Accounts of equal
    revenue have equal grades. Revenue is the amount of won deals, all time up to as_of (M2, M3).

    Undefined when: all accounts together have no revenue, or less than none.
    """

    a_percent: int = attrs.field(default=80, validator=_percent)
    b_percent: int = attrs.field(default=95, validator=_percent)

    # What the workspace looks at before any row is scored: what is missing is told by name.
    name = "abc"
    table = "account"
    needs = ("id",)
    wants: ClassVar[tuple[str, ...]] = ()
    others: ClassVar[Mapping[str, tuple[str, ...]]] = {"opportunity": ("account", "outcome", "amount", "closed_at")}
    # Raise it when the same rows get another score: who has kept scores can then tell old from new.
    revision = 1
    labels: ClassVar[Mapping[str, str]] = {"en": "ABC score", "zh": "ABC 评分"}
    summary = "Which accounts make most of the revenue: 100 less the percentage that accounts with more revenue make."
    source = "Cumulative share of revenue, A up to 80 %, B up to 95 %; the cuts can be chosen."

    def __attrs_post_init__(self) -> None:
        if self.a_percent > self.b_percent:
            raise ArgumentError(f"a_percent {self.a_percent} is above b_percent {self.b_percent}; A comes before B")

    @property
    def fingerprint(self) -> str:
        """What decides the grades, beside the revision."""
        return f"{self.a_percent}-{self.b_percent}"

    def score(self, rows: Rows) -> Scores:
        """Return the scores of the rows, in their order."""
        revenue, scale = revenue_by_account(rows)
        before, total = before_each(revenue)
        # The share of an account depends on all accounts there are, never on which of them are scored with it.
        ids = ids_of(rows).tolist()
        own = [revenue.get(i, 0) for i in ids]
        ahead = [before[value] for value in own]
        taken = np.array([-100 * a / total if total > 0 else np.nan for a in ahead], np.float64).reshape(-1, 1)
        return Scores.of_rows(
            self,
            rows,
            100 + taken[:, 0],
            base=100,
            reasons=[LARGER],
            # Rows x reasons. Base and parts add up to the score; `score.reasons` and `explain` tell them.
            parts=np.nan_to_num(taken),
            unit="score",
            grade=self._grades(ahead, total),
            beside=[(REVENUE, np.array([value / scale for value in own], np.float64))],
        )

    def _grades(self, ahead: list[int], total: int) -> Column:
        """Return the grade of each row, by whole numbers: a share on a cut never falls on the wrong side of it."""
        codes = [
            0 if total <= 0 else 1 if 100 * a < self.a_percent * total else 2 if 100 * a < self.b_percent * total else 3
            for a in ahead
        ]
        return Column("key", np.array(codes, np.int8), labels=[None, "A", "B", "C"])


def revenue_by_account(rows: Rows) -> tuple[dict[Any, int], int]:
    """Return the revenue of each account that has some, in whole numbers, and how many of them make 1.

    Raises:
        CurrencyError: amounts in several currencies, and no rates to convert them.
    """
    deals = rows.scope.tables["opportunity"]
    won = rows_of(priced(deals, "closed_at", rows.scope), rows.scope, WON)
    amounts, accounts = won.amounts("amount"), won.key("account")
    found: dict[Any, int] = {}
    for code, amount, there in zip(
        accounts.data.tolist(), amounts.data.tolist(), amounts.present().tolist(), strict=True
    ):
        if code and there:  # code 0 is a deal without an account; no amount is not zero
            found[accounts.labels[code]] = found.get(accounts.labels[code], 0) + amount
    return found, amounts.scale


def before_each(revenue: Mapping[Any, int]) -> tuple[dict[int, int], int]:
    """Return what accounts with more revenue than this make together, for each revenue there is and 0, and the total."""
    before, ahead = {}, 0
    for value, accounts in sorted(Counter({0: 0, **Counter(revenue.values())}).items(), reverse=True):
        before[value] = ahead
        ahead += value * accounts
    return before, sum(revenue.values())
