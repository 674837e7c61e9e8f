"""Data quality: leads, deals, accounts and contacts with gaps and contradictions, in two months."""

from fractions import Fraction

from crmcore.kpis import completeness, stale_open_deals_share

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
ACCOUNTS = [
    ("id", "created_at", "industry", "country", "owner"),
    ("a1", "2026-01-01", "it", "DE", "anna"),
    ("a2", "2026-01-02", None, "DE", None),
    ("a3", "2026-02-01", "it", None, None),
]
CONTACTS = [
    ("id", "created_at", "account", "email", "phone"),
    ("k1", "2026-01-01", "a1", "x@example.org", None),
    ("k2", "2026-01-03", None, "z@example.org", "1"),
    ("k3", "2026-02-01", "a2", None, None),
]
# q1 q2 q3 q5 run backwards, q5 though it is open; q8 closed on its first day (E16); q7 q9 q10 closed at no date
ODD = [
    ("id", "outcome", "created_at", "closed_at", "expected_close", "last_activity_at", "amount"),
    ("q1", "won", "2026-01-10", "2026-01-05", "2026-01-20", None, 10),
    ("q2", "lost", "2026-01-12", "2026-01-10", None, None, None),
    ("q3", "abandoned", "2026-01-12", "2026-01-11", None, None, None),
    ("q4", "won", "2026-01-02", "2026-02-10", "2026-03-30", "2026-01-25", None),
    ("q5", "open", "2026-01-20", "2026-01-15", "2026-02-10", None, 5),
    ("q6", "open", "2026-01-05", None, "2026-02-28", "2026-01-29", 5),
    ("q7", "won", "2026-02-01", None, None, None, None),
    ("q8", "lost", "2026-02-03", "2026-02-03", None, None, 7),
    ("q9", "abandoned", None, None, None, None, 7),
    ("q10", "lost", "2026-02-02", None, None, None, 7),
]
TURNED = [
    ("id", "created_at", "converted", "converted_at"),
    ("c1", "2026-01-05", True, "2026-01-04"),
    ("c2", "2026-01-05", True, "2026-01-05"),
    ("c3", "2026-01-06", False, "2026-01-02"),
    ("c4", "2026-01-07", True, "2026-02-10"),
    ("c5", None, False, None),
]
UNDATED = [("id", "created_at"), ("u1", "2026-01-05"), ("u2", "2026-02-05"), ("u3", None)]
BUSINESS = {"lead": LEADS, "opportunity": DEALS}
OPEN_BOOK = {"opportunity": ODD}
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
    # industry 1, country 2, owner 1 of two each; 2, 2 and 1 of three each
    ("account_completeness", {"account": ACCOUNTS}, MONTHS, (Fraction(4, 6), Fraction(5, 9))),
    ("contact_completeness", {"contact": CONTACTS}, MONTHS, (Fraction(4, 6), Fraction(5, 9))),
    # closed by the end of January q1 q2 q3, of February also q4 q7 q8 q9 q10; q1 q2 q3 before they were created (T3, E15)
    ("closed_before_created_deals", OPEN_BOOK, MONTHS, (3, 3)),
    ("closed_before_created_share", OPEN_BOOK, MONTHS, (Fraction(3, 3), Fraction(3, 8))),
    # q7 q9 q10; q9 was never created and is in no past (O9)
    ("closed_without_date_share", OPEN_BOOK, MONTHS, (0, Fraction(3, 8))),
    # won in January q1, in February q4 (M3); q7 was won at no date
    ("won_without_amount_share", OPEN_BOOK, MONTHS, (0, 1)),
    # open in January q4 q5 q6, in February q5 q6; q6 is due on the day looked at (E56)
    ("overdue_open_share", OPEN_BOOK, MONTHS, (0, Fraction(1, 2))),
    # January q4 6 days, q5 11 since its creation, q6 2; February q5 39, q6 30
    ("median_open_deal_idle_days", OPEN_BOOK, MONTHS, (6, Fraction(69, 2))),
    ("stale_open_deals_share_30_days", OPEN_BOOK, MONTHS, (0, Fraction(1, 2))),
    (stale_open_deals_share(29), OPEN_BOOK, MONTHS, (0, 1)),
    # q9 of ten, c5 of five, and of nothing in the past (O9)
    ("undated_deals_share", OPEN_BOOK, MONTHS, (0, Fraction(1, 10))),
    ("undated_leads_share", {"lead": UNDATED}, MONTHS, (0, Fraction(1, 3))),
    # c1 of c1 c2, then of c1 c2 c4; c3 was not converted (E15)
    ("converted_before_created_share", {"lead": TURNED}, MONTHS, (Fraction(1, 2), Fraction(1, 3))),
    # of nothing: undefined (R2)
    ("closed_before_created_share", {"opportunity": ODD[:1]}, {}, None),
]
