"""Outcomes: ten deals, three won, three lost, one abandoned, three open; two were reopened."""

from fractions import Fraction

from crmcore.kpis import CATALOGUE, win_rate_stale_as_lost

# d3 opens and closes on one day; d8 was closed once and is open again, at 100 %; d9 is overdue; d10 is 90 days old
# on the day looked at, which is also its expected close
DEALS = [
    ("id", "outcome", "created_at", "closed_at", "expected_close", "amount", "lost_reason", "reopened", "probability"),
    ("d1", "won", "2026-01-10", "2026-04-10", None, 1000, None, 0, 1),
    ("d2", "won", "2026-02-01", "2026-05-02", "2026-03-31", 3000, None, 1, 1),
    ("d3", "won", "2026-05-05", "2026-05-05", None, None, None, 0, 1),
    ("d4", "lost", "2026-02-15", "2026-04-20", None, 2000, None, 0, 0),
    ("d5", "lost", "2026-03-01", "2026-06-01", None, 4000, "price", 0, 0),
    ("d6", "lost", "2026-03-20", "2026-06-10", None, 2000, None, 0, 0),
    ("d7", "abandoned", "2026-04-01", "2026-06-15", None, 500, "merger", 0, 0),
    ("d8", "open", "2026-02-20", None, "2026-09-30", 700, None, 1, 1),
    ("d9", "open", "2026-06-01", None, "2026-06-20", None, None, 0, 0),
    ("d10", "open", "2026-04-01", None, "2026-06-30", 100, None, 0, None),
]

YEARS = [
    ("id", "outcome", "created_at", "closed_at"),
    ("e1", "won", "2025-03-01", "2025-03-02"),
    ("e2", "lost", "2025-03-01", "2025-03-03"),
    ("e3", "won", "2026-03-01", "2026-03-02"),
    ("e4", "won", "2026-03-01", "2026-03-03"),
    ("e5", "won", "2026-03-01", "2026-03-04"),
    ("e6", "lost", "2026-03-01", "2026-03-05"),
]

BUSINESS = {"opportunity": DEALS}
EMPTY = {"opportunity": DEALS[:1]}
END = {"as_of": "2026-06-30"}
QUARTERS = {"as_of": "2026-06-30", "per": "quarter"}
MONTHS = {"as_of": "2026-06-30", "per": "month"}
BY_REASON = {**MONTHS, "by": ["lost_reason"]}


def spring(april, may, june):
    """Return what is expected of the three months in which deals close."""
    return {"2026-04": april, "2026-05": may, "2026-06": june}


CASES = [
    ("opportunities_created", BUSINESS, QUARTERS, (6, 4)),
    # 100 % open is open, 0 % open is not lost (O2, E07)
    ("open_deals", BUSINESS, END, 3),
    # at the end of each month, as it was then: d1; d1 d2 d4 d8; + d5 d6; d2 d5 d6 d7 d8 d10; d5 d6 d7 d8 d10; d8 d9 d10
    # - measured, never added (T4, O8)
    ("open_deals", BUSINESS, MONTHS, (1, 4, 6, 6, 5, 3)),
    # by close date: d1; d2 d3, the latter on the day it was created (O6, E03)
    ("won_deals", BUSINESS, MONTHS, {"2026-04": 1, "2026-05": 2}),
    ("won_deals", BUSINESS, END, 3),
    ("won_deals", EMPTY, {}, 0),
    # d4; none; d5 d6
    ("lost_deals", BUSINESS, MONTHS, spring(1, 0, 2)),
    ("lost_deals", BUSINESS, END, 3),
    ("abandoned_deals", BUSINESS, MONTHS, {"2026-06": 1}),
    ("abandoned_deals", BUSINESS, END, 1),
    ("closed_deals", BUSINESS, MONTHS, spring(2, 2, 3)),
    ("closed_deals", BUSINESS, END, 7),
    # 3 / (3 + 3): open and abandoned deals are not in it (O1, R5, E09)
    ("win_rate", BUSINESS, END, Fraction(1, 2)),
    # d1 of d1 d4; d2 d3; none of d5 d6
    ("win_rate", BUSINESS, MONTHS, spring(Fraction(1, 2), 1, 0)),
    # nothing decided: undefined, not 0 (R2, E52)
    ("win_rate", EMPTY, {}, None),
    # (1000 + 3000) / (1000 + 3000 + 2000 + 4000 + 2000): d3 has no amount (M3, E36)
    ("win_rate_by_value", BUSINESS, END, Fraction(4000, 12000)),
    # 1000 of 3000; 3000 of 3000; none of 6000
    ("win_rate_by_value", BUSINESS, MONTHS, spring(Fraction(1, 3), 1, 0)),
    # by quarter of creation: d1 d2 of six, d3 of four (R4)
    ("win_rate_of_all", BUSINESS, QUARTERS, (Fraction(2, 6), Fraction(1, 4))),
    ("win_rate_with_abandoned", BUSINESS, END, Fraction(3, 7)),
    ("win_rate_with_abandoned", BUSINESS, MONTHS, spring(Fraction(1, 2), 1, 0)),
    # stale: d8 is 130 days old, d9 29 but overdue; d10 is neither older than 90 nor overdue yet: 3 / (6 + 2) (E56)
    ("win_rate_stale_as_lost", BUSINESS, END, Fraction(3, 8)),
    # stale on 30 April d2, overdue then; on 31 May d5, 91 days old, and d8; on 30 June d8 d9:
    # 1 / (2 + 1), 2 / (2 + 2), 0 / (2 + 2)
    ("win_rate_stale_as_lost", BUSINESS, MONTHS, spring(Fraction(1, 3), Fraction(1, 2), 0)),
    # over 10 days all three are stale, d9 only once: 3 / (6 + 3)
    (win_rate_stale_as_lost(10), BUSINESS, END, Fraction(3, 9)),
    ("loss_rate", BUSINESS, END, Fraction(1, 2)),
    ("loss_rate", BUSINESS, MONTHS, spring(Fraction(1, 2), 0, 1)),
    # for the price nothing, nothing, d5; without a reason d4, nothing, d6; the abandoned deal's reason is no loss
    ("lost_reason_share", BUSINESS, BY_REASON, (0, None, Fraction(1, 2), 1, None, Fraction(1, 2))),
    # for the price nothing, nothing, 4000; without a reason 2000, nothing, 2000
    ("lost_reason_value_share", BUSINESS, BY_REASON, (0, None, Fraction(4, 6), 1, None, Fraction(2, 6))),
    ("no_reason_share", BUSINESS, END, Fraction(2, 3)),
    ("no_reason_share", BUSINESS, MONTHS, spring(1, None, Fraction(1, 2))),
    # d2 and d8, both created in the first quarter
    ("reopened_deals", BUSINESS, QUARTERS, 2),
    # d2 and d8 of the seven that are closed and d8
    ("reopen_rate", BUSINESS, END, Fraction(2, 8)),
    # d2 and d8 of d1 d2 d4 d5 d6, which are closed, and d8, which is open again; none of d3 d7 (O5, E01)
    ("reopen_rate", BUSINESS, QUARTERS, (Fraction(2, 6), 0)),
    # 2025: 1 of 2, with nothing before it; 2026: 3 of 4, so (3/4 - 1/2) / (1/2) (C01, R2)
    (
        CATALOGUE["win_rate"].change("year"),
        {"opportunity": YEARS},
        {"as_of": "2026-12-31", "per": "year"},
        (None, Fraction(1, 2)),
    ),
]
