"""Leads and conversion: six leads of a quarter and a sample, five deals."""

from fractions import Fraction

LEADS = [
    ("id", "created_at", "source", "converted", "converted_at", "sample"),
    ("l1", "2026-01-05", "web", True, "2026-01-20", False),
    ("l2", "2026-01-12", "web", True, "2026-03-02", False),
    ("l3", "2026-01-25", "fair", False, None, False),
    ("l4", "2026-02-03", "web", True, "2026-02-10", False),
    ("l5", "2026-02-20", "fair", False, None, False),
    ("l6", "2026-03-10", None, False, None, False),
    ("l7", "2026-03-11", "web", True, "2026-03-12", True),  # counts nowhere (O3, E48)
]

DEALS = [
    ("id", "account", "outcome", "amount", "source", "created_at", "closed_at"),
    ("d1", "acme", "won", 300, "web", "2026-01-20", "2026-02-01"),
    ("d2", "acme", "won", 150, "web", "2026-02-10", "2026-02-27"),
    ("d3", "beta", "won", 100, "fair", "2026-02-12", "2026-03-20"),
    ("d4", "gamma", "lost", 80, "web", "2026-02-14", "2026-03-04"),
    ("d5", "delta", "open", 500, "fair", "2026-03-05", None),
]

BUSINESS = {"lead": LEADS, "opportunity": DEALS}
END = {"as_of": "2026-03-31"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}

CASES = [
    ("leads_created", BUSINESS, END, 6),
    # January l1 l2 l3, February l4 l5, March l6
    ("leads_created", BUSINESS, MONTHS, (3, 2, 1)),
    ("leads_converted", BUSINESS, END, 3),
    # January l1, February l4, March l2
    ("leads_converted", BUSINESS, MONTHS, (1, 1, 1)),
    # by month of creation: l1 l2 of three; l4 of two; none of l6
    ("lead_conversion_rate", BUSINESS, MONTHS, (Fraction(2, 3), Fraction(1, 2), 0)),
    # at the end of January only l1 of three was converted: l2 was not yet (O8)
    ("lead_conversion_rate", BUSINESS, {"as_of": "2026-01-31"}, Fraction(1, 3)),
    # no lead, no rate: 0/0 is undefined, not 0 (R2, E52)
    ("lead_conversion_rate", {"lead": [("id", "created_at", "converted")]}, {}, None),
    # events over events: another number than the cohort's (R4)
    ("lead_conversion_rate_flow", BUSINESS, MONTHS, (Fraction(1, 3), Fraction(1, 2), 1)),
    ("lead_conversion_rate_flow", BUSINESS, END, Fraction(3, 6)),
    # acme twice is one customer (Q2): acme and beta over six leads
    ("lead_to_customer_rate", BUSINESS, END, Fraction(2, 6)),
    # January nobody over three, February acme over two, March beta over one
    ("lead_to_customer_rate", BUSINESS, MONTHS, (0, Fraction(1, 2), 1)),
    # acme and beta of acme, beta, gamma, delta
    ("account_conversion_rate", BUSINESS, END, Fraction(2, 4)),
    # by month of creation: acme of acme; acme and beta of these and gamma; none of delta
    ("account_conversion_rate", BUSINESS, MONTHS, (1, Fraction(2, 3), 0)),
    # fair 100 over two leads, web 450 over three, blank nothing over one: blank is a group, the last
    ("won_value_per_lead", BUSINESS, {**END, "by": ["source"]}, (50, 150, 0)),
    # nothing over three, 450 over two, 100 over one
    ("won_value_per_lead", BUSINESS, MONTHS, (0, 225, 100)),
]
