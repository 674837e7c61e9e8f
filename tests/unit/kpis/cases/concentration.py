"""Concentration: six sellers and three accounts with deals won in two months, and a seller who won none; lines of orders."""

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
LINES = [
    ("account", "amount", "at"),
    ("acme", 500, "2026-02-01"),
    ("beta", 300, "2026-02-01"),
    (None, 1000, "2026-02-01"),
    ("acme", 200, "2026-03-01"),
    ("acme", 100, "2026-03-02"),
    ("beta", 100, "2026-03-01"),
    ("gamma", 50, "2026-03-01"),
    ("eta", 30, "2026-03-01"),
    ("zeta", 20, "2026-03-01"),
    ("delta", None, "2026-03-01"),
]
ORDERS = {"order_line": LINES}
MONTHS = {"per": "month"}
# who owes more than the others bring has no share in anything (E40)
OWED = {
    "opportunity": [
        ("id", "outcome", "owner", "account", "amount", "created_at", "closed_at"),
        ("k1", "won", "anna", "acme", 100, "2025-12-01", "2026-02-01"),
        ("k2", "won", "ben", "beta", -130, "2025-12-01", "2026-02-01"),
    ],
    "order_line": [("account", "amount", "at"), ("acme", 100, "2026-02-01"), ("beta", -130, "2026-02-01")],
}


def months(february, march):
    """Return what is expected of the two months in which deals are won."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    *(
        (name, OWED, {}, None)
        for name in (
            *("top_sellers_share", "top_accounts_share", "seller_gini", "account_gini", "seller_hhi", "account_hhi"),
            *("top_customers_share", "customer_gini", "customer_hhi"),
        )
    ),
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
    # 2 x 50^2 + 2 x 100^2 + 200^2 + 500^2 is 315,000 of 1000^2
    ("seller_hhi", BUSINESS, {}, 3150),
    # 500^2 + 100^2 + 200^2 of 800^2, 100^2 + 2 x 50^2 of 200^2
    ("seller_hhi", BUSINESS, MONTHS, months(Fraction(9375, 2), 3750)),
    # 600^2 + 2 x 200^2 of 1000^2
    ("account_hhi", BUSINESS, {}, 4400),
    # 600^2 + 200^2 of 800^2, beta alone
    ("account_hhi", BUSINESS, MONTHS, months(6250, 10_000)),
    # a fifth of two, and of five, is one; delta has no amount, and 1000 no account
    ("top_customers_share", ORDERS, MONTHS, months(Fraction(5, 8), Fraction(3, 5))),
    # 300 500 times -1 1 is 200, over 2 x 800; 20 30 50 100 300 times -4 -2 0 2 4 is 1260, over 5 x 500
    ("customer_gini", ORDERS, MONTHS, months(Fraction(1, 8), Fraction(1260, 2500))),
    # 500^2 + 300^2 of 800^2; 20^2 + 30^2 + 50^2 + 100^2 + 300^2 is 103,800 of 500^2
    ("customer_hhi", ORDERS, MONTHS, months(Fraction(10625, 2), 4152)),
    # of nothing: undefined (R2)
    ("customer_hhi", {"order_line": LINES[:1]}, {}, None),
    ("top_sellers_share", {"opportunity": DEALS[:1]}, {}, None),
]
