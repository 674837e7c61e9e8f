"""Concentration: six sellers and three accounts with deals won in two months, and a seller who won none."""

from fractions import Fraction

DEALS = [
    ("id", "outcome", "owner", "account", "amount", "created_at", "closed_at"),
    ("k1", "won", "anna", "acme", 500, "2025-12-01", "2026-02-01"),
    ("k2", "won", "ben", "acme", 100, "2025-12-01", "2026-02-01"),
    ("k3", "won", "cora", "beta", 100, "2025-12-01", "2026-03-01"),
    ("k4", "won", "dan", "beta", 50, "2025-12-01", "2026-03-01"),
    ("k5", "won", "eve", "beta", 50, "2025-12-01", "2026-03-01"),
    ("k6", "won", "fay", "gamma", 200, "2025-12-01", "2026-02-01"),
    ("k7", "lost", "gus", "delta", 9000, "2025-12-01", "2026-02-01"),
]
BUSINESS = {"opportunity": DEALS}
MONTHS = {"per": "month"}


def months(february, march):
    """Return what is expected of the two months in which deals are won."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    # a fifth of six is two: 500 + 200 of 1000
    ("top_sellers_share", BUSINESS, {}, Fraction(7, 10)),
    # a fifth of three is one: 500 of 800, 100 of 200
    ("top_sellers_share", BUSINESS, MONTHS, months(Fraction(5, 8), Fraction(1, 2))),
    # a fifth of three is one: acme 600 of 1000
    ("top_accounts_share", BUSINESS, {}, Fraction(6, 10)),
    # acme 600 of 800, beta alone
    ("top_accounts_share", BUSINESS, MONTHS, months(Fraction(3, 4), 1)),
    # 50 50 100 100 200 500 times -5 -3 -1 1 3 5 is 2700, over 6 x 1000
    ("seller_gini", BUSINESS, {}, Fraction(27, 60)),
    # 100 200 500 times -2 0 2 is 800, over 3 x 800; 50 50 100 is 100, over 3 x 200
    ("seller_gini", BUSINESS, MONTHS, months(Fraction(1, 3), Fraction(1, 6))),
    # 200 200 600 times -2 0 2 is 800, over 3 x 1000
    ("account_gini", BUSINESS, {}, Fraction(8, 30)),
    # 200 600 times -1 1 is 400, over 2 x 800; one alone is all alike
    ("account_gini", BUSINESS, MONTHS, months(Fraction(1, 4), 0)),
    # of nothing: undefined (R2)
    ("top_sellers_share", {"opportunity": DEALS[:1]}, {}, None),
]
