"""Retention: what seven accounts pay per month at the end of February and of March 2026, and a year before."""

from fractions import Fraction

COLUMNS = ("account", "start", "end", "recurring", "term_months")
SUBSCRIPTIONS = [
    COLUMNS,
    # a pays 100, from March 130; a term of a year is a twelfth a month (M5)
    ("a", "2025-01-01", None, 1200, 12),
    ("a", "2026-03-05", None, 30, 1),
    # b pays 200, from 10 March 150
    ("b", "2025-06-01", "2026-03-10", 200, 1),
    ("b", "2026-03-10", None, 150, 1),
    # c pays 60 until 14 March
    ("c", "2025-02-01", "2026-03-15", 60, 1),
    # d is new
    ("d", "2026-03-20", None, 40, 1),
    # e comes back
    ("e", "2025-01-01", "2025-12-01", 70, 1),
    ("e", "2026-03-02", None, 80, 1),
    # f subscribes at no known price: counted, not priced (M3)
    ("f", "2025-03-01", None, None, 1),
    # g has not begun
    ("g", "2026-04-01", None, 90, 1),
]
BUSINESS = {"subscription": SUBSCRIPTIONS}
MARCH = {"as_of": "2026-03-31"}
YEARS = {**MARCH, "per": "year"}


# a credit of 10 a month, in force all the time: who is owed money is no customer to lose
CREDITED = {"subscription": [*SUBSCRIPTIONS[:3], ("h", "2025-01-01", None, -10, 1)]}
# on the last day of a subscription it still runs, and on its end no more
ENDING = {"subscription": [COLUMNS, ("a", "2025-01-01", "2026-03-31", 20, 1), ("b", "2025-01-01", "2026-04-01", 5, 1)]}

LINES = [
    ("account", "at"),
    ("a", "2025-02-01"),
    ("a", "2026-03-05"),
    ("b", "2025-05-01"),
    ("c", "2025-03-31"),
    ("d", "2026-01-01"),
    ("e", "2024-12-31"),
    ("e", "2026-01-02"),
    ("f", "2025-01-01"),
    ("f", "2026-02-01"),
]
DEALS = [
    ("id", "account", "outcome", "created_at", "closed_at"),
    ("r1", "a", "won", "2025-01-01", "2025-02-01"),
    ("r2", "a", "won", "2025-01-01", "2026-03-05"),
    ("r3", "b", "won", "2025-01-01", "2025-03-31"),
    ("r4", "b", "lost", "2025-01-01", "2026-02-01"),
    ("r5", "c", "lost", "2025-01-01", "2025-02-01"),
    ("r6", "c", "won", "2025-01-01", "2026-02-01"),
]

# 120 spent for one customer in the last 365 days; 1000 before that, and 500 that is no spend
COSTS = [
    ("kind", "amount", "date"),
    ("spend", 120, "2026-01-05"),
    ("spend", 1000, "2025-01-05"),
    ("expense", 500, "2026-01-05"),
]
CUSTOMERS = [
    ("id", "customer_since", "created_at"),
    ("d", "2026-03-20", "2026-01-01"),
    ("a", "2025-01-01", "2025-01-01"),
]
VALUED = {**BUSINESS, "cost": COSTS, "account": CUSTOMERS}

CASES = [
    # 130 + 150 + 40 + 80
    ("mrr", BUSINESS, MARCH, 400),
    ("mrr", BUSINESS, {"as_of": "2026-02-28"}, 360),
    ("mrr", ENDING, MARCH, 5),
    ("mrr", ENDING, YEARS, {"2025": 25, "2026": 5}),
    ("mrr", ENDING, {"as_of": "2026-03-30"}, 25),
    ("arr", BUSINESS, MARCH, 4800),
    # a b d e f
    ("subscribers", BUSINESS, MARCH, 5),
    ("subscribers", ENDING, YEARS, {"2025": 2, "2026": 1}),
    # all of them but that of b which ended, that of c, the first of e, and g
    ("active_subscriptions", BUSINESS, MARCH, 6),
    ("active_subscriptions", ENDING, YEARS, {"2025": 2, "2026": 1}),
    ("arpa", BUSINESS, MARCH, 80),
    # 360 + 40 + 80 + 30 - 50 - 60 = 400
    ("new_mrr_month", BUSINESS, MARCH, 40),
    ("reactivated_mrr_month", BUSINESS, MARCH, 80),
    ("expansion_mrr_month", BUSINESS, MARCH, 30),
    ("contraction_mrr_month", BUSINESS, MARCH, 50),
    ("churned_mrr_month", BUSINESS, MARCH, 60),
    ("quick_ratio_month", BUSINESS, MARCH, Fraction(150, 110)),
    # nothing was lost: undefined (R2)
    ("quick_ratio_month", {"subscription": SUBSCRIPTIONS[:3]}, MARCH, None),
    # 130 + 150 of 360; capped 100 + 150
    ("net_revenue_retention_month", BUSINESS, MARCH, Fraction(280, 360)),
    ("gross_revenue_retention_month", BUSINESS, MARCH, Fraction(250, 360)),
    ("revenue_churn_rate_month", BUSINESS, MARCH, Fraction(60, 360)),
    # a b c f, of whom c left
    ("logo_retention_rate_month", BUSINESS, MARCH, Fraction(3, 4)),
    ("logo_churn_rate_month", BUSINESS, MARCH, Fraction(1, 4)),
    # a year before a paid 100, c 60, e 70; now 130, nothing, 80
    ("net_revenue_retention_year", BUSINESS, MARCH, Fraction(210, 230)),
    ("gross_revenue_retention_year", BUSINESS, MARCH, Fraction(170, 230)),
    ("revenue_churn_rate_year", BUSINESS, MARCH, Fraction(60, 230)),
    ("logo_retention_rate_year", BUSINESS, MARCH, Fraction(3, 4)),
    ("logo_churn_rate_year", BUSINESS, MARCH, Fraction(1, 4)),
    ("net_revenue_retention_month", CREDITED, MARCH, Fraction(130, 100)),
    ("gross_revenue_retention_month", CREDITED, MARCH, 1),
    ("revenue_churn_rate_month", CREDITED, MARCH, 0),
    ("net_revenue_retention_year", CREDITED, MARCH, Fraction(130, 100)),
    ("gross_revenue_retention_year", CREDITED, MARCH, 1),
    ("revenue_churn_rate_year", CREDITED, MARCH, 0),
    ("churned_mrr_month", CREDITED, MARCH, 0),
    # one account of nothing at the start: undefined (R2)
    ("net_revenue_retention_month", {"subscription": [COLUMNS, SUBSCRIPTIONS[6]]}, MARCH, None),
    # a, c and f ordered in the same part of the year before, a and f do again; b ordered later in it, e before it
    ("customer_retention_rate_year", {"order_line": LINES}, MARCH, Fraction(2, 3)),
    # a and b won in the same part of the year before, a does again
    ("account_retention_rate_year", {"opportunity": DEALS}, MARCH, Fraction(1, 2)),
    # 80 x 4/5 a month, over a quarter that leaves
    ("lifetime_value_margin_80_percent", VALUED, MARCH, 256),
    # 256 / 120, and 120 / 64
    ("lifetime_value_to_cac_margin_80_percent", VALUED, MARCH, Fraction(256, 120)),
    ("cac_payback_months_margin_80_percent", VALUED, MARCH, Fraction(120, 64)),
]
