"""Quotes and cash: six quotes of three deals and of none, six invoices, two leads."""

from fractions import Fraction

LEADS = [("id", "created_at"), ("l1", "2026-02-10"), ("l2", "2026-03-13")]
DEALS = [
    ("id", "outcome", "created_at", "lead"),
    ("d1", "open", "2026-02-20", "l1"),
    ("d2", "open", "2026-03-09", None),
    ("d3", "open", "2026-03-20", "l2"),
    ("d4", "open", "2026-03-21", None),
]
# q5 is sent before it is asked for (T3); q3 is called accepted and has no decision; q4 is not sent
QUOTES = [
    ("id", "opportunity", "created_at", "requested_at", "sent_at", "decided_at", "status"),
    ("q1", "d1", "2026-03-01", "2026-02-27", "2026-03-03", "2026-03-10", "accepted"),
    ("q2", "d1", "2026-03-05", None, "2026-03-06", "2026-04-02", "accepted"),
    ("q3", "d2", "2026-03-10", None, "2026-04-01", None, "accepted"),
    ("q4", "d2", "2026-03-12", None, None, None, None),
    ("q5", "d3", "2026-04-01", "2026-04-05", "2026-04-03", "2026-04-04", "accepted"),
    ("q6", None, "2026-04-02", None, "2026-04-04", "2026-04-04", None),
    ("q7", "d3", "2026-04-01", None, "2026-04-08", "2026-04-20", "declined"),
]
# v3 is of no deal, v4 not paid, v6 paid before there was a lead (T3)
INVOICES = [
    ("id", "opportunity", "issued_at", "paid_at"),
    ("v1", "d1", "2026-03-20", "2026-04-10"),
    ("v2", "d2", "2026-03-21", "2026-04-20"),
    ("v3", None, "2026-03-22", "2026-04-21"),
    ("v4", "d3", "2026-03-23", None),
    ("v5", "d1", "2026-03-10", "2026-03-25"),
    ("v6", "d3", "2026-02-24", "2026-03-01"),
]
BUSINESS = {"quote": QUOTES, "opportunity": DEALS, "lead": LEADS, "invoice": INVOICES}
NO_LEADS = {
    "quote": QUOTES,
    "invoice": INVOICES,
    "opportunity": [row[:3] for row in DEALS],
}
END = {"as_of": "2026-04-30"}
MONTHS = {"as_of": "2026-04-30", "per": "month"}


def months(march, april):
    """Return what is expected of the months in which quotes are sent and decided."""
    return {"2026-03": march, "2026-04": april}


def born(february, march):
    """Return what is expected of the months in which deals are created."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    # q1 4 days from the request, q2 1; q3 22, q6 2, q7 7
    ("quote_turnaround_days", BUSINESS, MONTHS, months(Fraction(4 + 1, 2), Fraction(22 + 2 + 7, 3))),
    ("quote_turnaround_days", BUSINESS, END, Fraction(4 + 1 + 22 + 2 + 7, 5)),
    ("median_quote_turnaround_days", BUSINESS, MONTHS, months(Fraction(5, 2), 7)),
    ("median_quote_turnaround_days", BUSINESS, END, 4),
    # d1 11 days to the earlier of two, d2 23, d3 14; a deal counts once, in its own month, and d4 has none yet (R5)
    ("first_quote_days", BUSINESS, END, Fraction(11 + 23 + 14, 3)),
    ("first_quote_days", BUSINESS, MONTHS, born(11, Fraction(23 + 14, 2))),
    ("first_quote_days", BUSINESS, {"as_of": "2026-03-31", "per": "month"}, {"2026-02": 11, "2026-03": None}),
    ("median_first_quote_days", BUSINESS, END, 14),
    ("median_first_quote_days", BUSINESS, MONTHS, born(11, Fraction(37, 2))),
    # from the leads of d1 and d3: 21 and 21; d2 has none
    ("lead_to_first_quote_days", BUSINESS, END, Fraction(21 + 23 + 21, 3)),
    ("lead_to_first_quote_days", BUSINESS, MONTHS, born(21, Fraction(23 + 21, 2))),
    # without leads at all it is the time from the deal
    ("lead_to_first_quote_days", NO_LEADS, END, Fraction(11 + 23 + 14, 3)),
    ("quote_acceptance_rate", BUSINESS, MONTHS, months(1, Fraction(2, 4))),
    ("quote_acceptance_rate", BUSINESS, END, Fraction(3, 5)),
    # 7 days; 27, 1, 0 and 12, where the day of sending counts 0
    ("quote_decision_days", BUSINESS, MONTHS, months(7, Fraction(27 + 1 + 0 + 12, 4))),
    ("quote_decision_days", BUSINESS, END, Fraction(7 + 27 + 1 + 0 + 12, 5)),
    # v5 43 days; v1 59 and v2, from the deal, 42
    ("lead_to_cash_days", BUSINESS, MONTHS, months(43, Fraction(59 + 42, 2))),
    ("lead_to_cash_days", BUSINESS, END, Fraction(43 + 59 + 42, 3)),
    ("lead_to_cash_days", NO_LEADS, MONTHS, months(Fraction(33, 1), Fraction(49 + 42, 2))),
    ("median_lead_to_cash_days", BUSINESS, MONTHS, months(43, Fraction(101, 2))),
    ("median_lead_to_cash_days", BUSINESS, END, 43),
]
