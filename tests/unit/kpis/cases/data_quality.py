"""Data quality: four leads, three deals, with gaps, in two months."""

from fractions import Fraction

from crmcore.kpis import completeness

LEADS = [
    ("id", "created_at", "owner", "source", "status", "duplicate_of"),
    ("l1", "2026-01-01", "anna", "web", "new", None),
    ("l2", "2026-01-02", "ben", None, "new", "l1"),
    ("l3", "2026-01-03", "ben", "web", "lost", None),
    ("l4", "2026-02-01", None, None, None, None),
]
DEALS = [
    ("id", "outcome", "created_at", "amount", "owner", "source"),
    ("d1", "open", "2026-01-01", 0, "anna", "web"),
    ("d2", "open", "2026-01-02", None, "ben", None),
    ("d3", "open", "2026-02-03", 5, None, None),
]
BUSINESS = {"lead": LEADS, "opportunity": DEALS}
MONTHS = {"as_of": "2026-02-28", "per": "month"}

CASES = [
    # what is there at the end of the month: owner 3, source 2, status 3, first of three leads, then of four (T4)
    ("lead_completeness", BUSINESS, MONTHS, (Fraction(8, 9), Fraction(8, 12))),
    ("lead_completeness", {"lead": LEADS[:1]}, {}, None),
    # amount 1 (0 is one), owner 2, source 1 of two each; amount 2, owner 2, source 1 of three each
    ("opportunity_completeness", BUSINESS, MONTHS, (Fraction(4, 6), Fraction(5, 9))),
    (completeness("lead", ["source"], name="source_completeness"), BUSINESS, MONTHS, (Fraction(2, 3), Fraction(2, 4))),
    # by month of creation
    ("duplicate_lead_rate", BUSINESS, MONTHS, (Fraction(1, 3), 0)),
]
