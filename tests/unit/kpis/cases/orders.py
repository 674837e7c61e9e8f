"""Orders: ten lines of seven orders, some without order, account, amount or quantity; and four won deals with products."""

from fractions import Fraction

LINES = [
    ("order", "account", "at", "quantity", "list_price", "amount"),
    ("o1", "acme", "2026-01-05", 2, 100, 180),
    ("o1", "acme", "2026-01-05", 1, 50, 50),
    ("o2", "acme", "2026-01-05", 1, 20, 20),
    ("o3", "beta", "2026-02-10", 3, 10, None),
    ("o4", "eta", "2026-02-20", None, 40, 40),
    (None, "gamma", "2026-02-21", -1, 30, -30),
    ("o5", None, "2026-02-22", 4, None, 60),
    ("o6", "acme", "2026-02-23", 5, 10, 30),
    ("o7", "delta", "2026-03-01", 1, 5, 5),
    ("o7", "delta", "2026-03-01", 1, 5, 5),
]
ORDERS = {"order_line": LINES}
DEALS = {
    "opportunity": [
        ("id", "outcome", "product", "amount", "created_at", "closed_at"),
        ("d1", "won", "p1", 90, "2025-12-01", "2026-01-10"),
        ("d2", "won", "p2", None, "2025-12-01", "2026-01-11"),
        ("d3", "won", "p3", 50, "2025-12-01", "2026-01-12"),
        ("d4", "lost", "p1", 10, "2025-12-01", "2026-01-13"),
        ("d5", "won", "p2", 220, "2025-12-01", "2026-02-01"),
    ],
    "product": [("id", "price"), ("p1", 100), ("p2", 200), ("p3", None)],
}
MONTHS = {"per": "month"}

CASES = [
    ("order_value", ORDERS, MONTHS, (250, 40 - 30 + 60 + 30, 10)),
    ("orders", ORDERS, MONTHS, (2, 4, 1)),
    # acme with three lines; beta, eta, gamma and acme; delta
    ("customers_buying", ORDERS, MONTHS, (1, 4, 1)),
    ("units_sold", ORDERS, MONTHS, (4, 3 - 1 + 4 + 5, 2)),
    # o3 has no amount, and the return no order
    ("average_order_value", ORDERS, MONTHS, (125, Fraction(40 + 60 + 30, 3), 10)),
    # 230 and 20; 30, 40 and 60; 10
    ("median_order_value", ORDERS, MONTHS, (125, 40, 10)),
    # 10 20 30 40 60 230
    ("median_order_value", ORDERS, {}, 35),
    ("lines_per_order", ORDERS, MONTHS, (Fraction(3, 2), 1, 2)),
    # o4 has no quantity, and the return no order
    ("units_per_order", ORDERS, MONTHS, (2, Fraction(3 + 4 + 5, 3), 2)),
    # o5 has no account, and gamma no order: o3 o4 o6 of beta, eta and acme
    ("orders_per_customer", ORDERS, MONTHS, (2, 1, 1)),
    # 40 of eta, -30 of gamma, 30 of acme; beta has no amount
    ("value_per_customer", ORDERS, MONTHS, (250, Fraction(40, 3), 10)),
    # 250 of 270; 0 of 20, as o3 has no amount, o4 no quantity and o5 no list price
    ("discount_depth", ORDERS, MONTHS, (Fraction(20, 270), 1, 0)),
    # d1; d2 has no amount, p3 no price, d4 is lost
    ("price_realisation", DEALS, MONTHS, (Fraction(90, 100), Fraction(220, 200))),
    ("price_realisation", DEALS, {}, Fraction(310, 300)),
    # of nothing: undefined (R2)
    ("average_order_value", {"order_line": LINES[:1]}, {}, None),
    ("median_order_value", {"order_line": LINES[:1]}, {}, None),
]
