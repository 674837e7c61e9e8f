"""Customers who come back, grow and pay: the lines of seven orders; won deals of two years; costs of accounts."""

from fractions import Fraction

LINES = [
    ("order", "account", "at"),
    ("o1", "acme", "2026-01-05"),
    ("o2", "acme", "2026-01-05"),
    ("o3", "beta", "2026-02-10"),
    ("o4", "beta", "2026-02-20"),
    (None, "gamma", "2026-02-21"),
    ("o6", "acme", "2026-02-23"),
    ("o7", "delta", "2026-03-01"),
    ("o7", "delta", "2026-03-01"),
    ("o8", "acme", "2026-03-02"),
    ("o9", "acme", "2026-03-05"),
]
ORDERS = {"order_line": LINES}
YEARS = {
    "opportunity": [
        ("id", "outcome", "account", "amount", "created_at", "closed_at"),
        ("d1", "won", "acme", 100, "2023-12-02", "2024-03-01"),
        ("d2", "won", "beta", 50, "2024-01-02", "2024-05-01"),
        ("d3", "won", "gamma", -30, "2024-01-02", "2024-06-01"),
        ("d4", "won", "acme", 130, "2025-01-02", "2025-03-01"),
        ("d5", "won", "gamma", 40, "2025-01-02", "2025-05-01"),
        ("d6", "lost", "beta", 900, "2024-12-02", "2025-05-01"),
        ("d7", "lost", "eta", 70, "2024-01-02", "2024-03-01"),
        ("d8", "won", "eta", 5, "2025-01-02", "2025-05-01"),
        ("d9", "won", "zeta", 20, "2023-01-02", "2023-05-01"),
        ("d10", "won", "zeta", 7, "2024-12-02", "2025-05-01"),
    ]
}
ACCOUNTS = {
    "opportunity": [
        ("id", "outcome", "account", "amount", "created_at", "closed_at"),
        ("d1", "won", "acme", 100, "2025-12-01", "2026-01-10"),
        ("d2", "won", None, 40, "2025-12-01", "2026-01-11"),
        ("d3", "lost", "acme", 9, "2025-12-01", "2026-01-12"),
        ("d4", "won", "beta", 50, "2025-12-01", "2026-02-01"),
    ],
    "cost": [
        ("kind", "account", "amount", "date"),
        ("spend", "acme", 20, "2026-01-05"),
        ("expense", "acme", 10, "2026-01-06"),
        ("spend", None, 7, "2026-01-07"),
        ("spend", "beta", 60, "2026-02-01"),
    ],
}
MONTHS = {"per": "month"}

CASES = [
    # five orders of acme, two of beta, one of delta, none of gamma
    ("repeat_rate", ORDERS, {}, Fraction(2, 3)),
    # acme; beta but not acme; acme but not delta, whose two lines are one order
    ("repeat_rate", ORDERS, MONTHS, (1, Fraction(1, 2), Fraction(1, 2))),
    # four days of acme, two of beta, one each of gamma and delta
    ("repeat_rate_days", ORDERS, {}, Fraction(2, 4)),
    # acme's two orders were on one day
    ("repeat_rate_days", ORDERS, MONTHS, (0, Fraction(1, 3), Fraction(1, 2))),
    # zeta stopped; acme and beta brought 150 and now 130, gamma only gave back, eta and zeta brought nothing
    ("account_growth", YEARS, {"per": "year", "as_of": "2025-12-31"}, (None, -1, Fraction(130 - 150, 150))),
    # up to 15 April (T5): acme 100 and now 130
    ("account_growth", YEARS, {"as_of": "2025-04-15"}, Fraction(30, 100)),
    ("account_profit", ACCOUNTS, MONTHS, (100 - 30, 50 - 60)),
    ("account_profitability", ACCOUNTS, MONTHS, (Fraction(70, 100), Fraction(-10, 50))),
    # of nothing: undefined (R2)
    ("repeat_rate", {"order_line": LINES[:1]}, {}, None),
]
