"""Money after the sale: ten invoices of all ages on 31 March, with ten payments; invoices paid early, late and not at all."""

from fractions import Fraction

# on 31 March they are 91, 90, 61, 60, 31, 30, 1 and 0 days past due; one has no due date, one is due in April
INVOICES = [
    ("id", "issued_at", "due", "amount"),
    ("i1", "2025-11-20", "2025-12-30", 100),
    ("i2", "2025-12-01", "2025-12-31", 200),
    ("i3", "2025-12-10", "2026-01-29", 300),
    ("i4", "2025-12-20", "2026-01-30", 400),
    ("i5", "2026-01-15", "2026-02-28", 500),
    ("i6", "2026-01-20", "2026-03-01", 600),
    ("i7", "2026-02-10", "2026-03-30", 700),
    ("i8", "2026-02-20", "2026-03-31", 800),
    ("i9", "2026-03-05", None, 900),
    ("i10", "2026-03-10", "2026-04-30", 1000),
]
# 90 without an invoice, and 5 paid back
PAYMENTS = [
    ("invoice", "at", "amount"),
    ("i1", "2026-01-05", 10),
    ("i2", "2026-02-01", 20),
    ("i3", "2026-02-02", 30),
    ("i4", "2026-03-02", 40),
    ("i5", "2026-03-03", 50),
    ("i6", "2026-03-04", 60),
    ("i7", "2026-03-05", 70),
    ("i8", "2026-03-06", 80),
    (None, "2026-03-07", 90),
    ("i10", "2026-03-30", -5),
]
BOOKS = {"invoice": INVOICES, "payment": PAYMENTS}

# ar-dso: 70,000, 80,000 and 100,000 in a quarter of 90 days, 212,000 outstanding
PUBLISHED = {
    "invoice": [
        ("id", "issued_at", "due", "amount"),
        ("m1", "2026-01-31", "2026-04-30", 70_000),
        ("m2", "2026-02-28", "2026-04-30", 80_000),
        ("m3", "2026-03-31", "2026-04-30", 100_000),
    ],
    "payment": [("invoice", "at", "amount"), ("m1", "2026-03-15", 38_000)],
}

# after 30, 40, 10, 30 and 20 days; d is overdue, e has still time, f is paid before it is issued (T3)
PAID = {
    "invoice": [
        ("id", "issued_at", "due", "paid_at", "amount"),
        ("a", "2026-01-01", "2026-01-31", "2026-01-31", 1),
        ("b", "2026-01-10", "2026-02-09", "2026-02-19", 1),
        ("c", "2026-02-01", "2026-02-20", "2026-02-11", 1),
        ("d", "2026-02-01", "2026-03-03", None, 1),
        ("e", "2026-03-01", "2026-03-31", None, 1),
        ("f", "2026-02-15", "2026-03-17", "2026-02-10", 1),
        ("g", "2026-02-16", None, "2026-03-18", 1),
        ("h", "2026-03-01", "2026-04-10", "2026-03-21", 1),
    ]
}

END = {"as_of": "2026-03-31"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}
TENTH = {"as_of": "2026-03-10", "per": "month"}


def months(*expected):
    """Return what is expected of the months from November, or of the last of them."""
    labels = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03")
    return dict(zip(labels[-len(expected) :], expected, strict=True))


CASES = [
    ("invoiced_value", BOOKS, MONTHS, months(100, 900, 1100, 1500, 1900)),
    ("collected_value", BOOKS, MONTHS, months(10, 50, 385)),
    # a stock: what was issued less what was paid by the end of each month
    ("receivables", BOOKS, END, 5500 - 445),
    ("receivables", BOOKS, MONTHS, months(100, 1000, 2090, 3540, 5055)),
    # due today is not overdue yet; i1 to i7 are, less their payments
    ("overdue_receivables", BOOKS, END, 2800 - 280),
    ("overdue_receivables", BOOKS, MONTHS, months(0, 100, 990, 940, 2520)),
    # i8, i9, i10; the payment without an invoice and the refund are set against them
    ("receivables_not_due", BOOKS, END, 2700 - (80 + 90 - 5)),
    ("receivables_not_due", BOOKS, MONTHS, months(100, 900, 1100, 2600, 2535)),
    ("receivables_overdue_1_to_30_days", BOOKS, END, 600 + 700 - 130),
    ("receivables_overdue_31_to_60_days", BOOKS, END, 400 + 500 - 90),
    ("receivables_overdue_61_to_90_days", BOOKS, END, 200 + 300 - 50),
    ("receivables_overdue_over_90_days", BOOKS, END, 100 - 10),
    ("overdue_share", BOOKS, END, Fraction(2520, 5055)),
    (
        "overdue_share",
        BOOKS,
        MONTHS,
        months(0, Fraction(1, 10), Fraction(990, 2090), Fraction(940, 3540), Fraction(2520, 5055)),
    ),
    # what comes in over what goes out, in one month; a month without payments collects 0 of what it invoices
    ("collection_rate", BOOKS, MONTHS, months(0, 0, Fraction(10, 1100), Fraction(50, 1500), Fraction(385, 1900))),
    # by the month of the invoice; the payment without an invoice belongs to none
    (
        "invoice_collection_rate",
        BOOKS,
        MONTHS,
        months(Fraction(10, 100), Fraction(90, 900), Fraction(110, 1100), Fraction(150, 1500), Fraction(-5, 1900)),
    ),
    # of March: (3540 + 1900 - 5055) / (3540 + 1900 - 2535), as the index is written elsewhere
    ("collection_effectiveness", BOOKS, MONTHS, months(Fraction(1, 100), Fraction(5, 99), Fraction(385, 2905))),
    ("dso_days", PUBLISHED, {"as_of": "2026-03-31", "per": "quarter"}, {"2026-Q1": Fraction(7632, 100)}),
    # ten days of March have elapsed (T4)
    (
        "dso_days",
        BOOKS,
        TENTH,
        months(
            30,
            Fraction(1000 * 31, 900),
            Fraction(2090 * 31, 1100),
            Fraction(3540 * 28, 1500),
            Fraction(5050 * 10, 1900),
        ),
    ),
    ("dso_days", BOOKS, END, None),
    (
        "best_possible_dso_days",
        BOOKS,
        MONTHS,
        months(30, 31, 31, Fraction(2600 * 28, 1500), Fraction(2535 * 31, 1900)),
    ),
    # on the 10th i7 and i8 are not due either
    (
        "best_possible_dso_days",
        BOOKS,
        TENTH,
        months(30, 31, 31, Fraction(2600 * 28, 1500), Fraction((700 + 800 + 900 + 1000 - 70 - 80 - 90) * 10, 1900)),
    ),
    ("days_to_pay", PAID, MONTHS, months(30, Fraction(40 + 10, 2), Fraction(30 + 20, 2))),
    ("days_to_pay", PAID, END, Fraction(30 + 40 + 10 + 30 + 20, 5)),
    ("median_days_to_pay", PAID, MONTHS, months(30, 25, 25)),
    ("median_days_to_pay", PAID, END, 30),
    # e is due today and judged neither way (R5)
    ("paid_on_time_rate", PAID, END, Fraction(3, 5)),
    # h is paid, and its month, April, has not come
    ("paid_on_time_rate", PAID, MONTHS, months(1, Fraction(1, 2), Fraction(1, 2))),
]
