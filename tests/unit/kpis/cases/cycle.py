"""Cycle and speed: ten deals with days, one with instants, nine leads with instants."""

from fractions import Fraction

# c3 opens and closes on one day; the dates of c4 are the wrong way round; c1 and c3 come from leads
DEALS = [
    ("id", "outcome", "created_at", "closed_at", "first_contact_at", "assigned_at", "lead"),
    ("c1", "won", "2026-01-22", "2026-02-01", "2026-01-20", None, "l1"),
    ("c2", "won", "2026-02-16", "2026-03-08", "2026-02-12", None, None),
    ("c3", "won", "2026-02-03", "2026-02-03", None, None, "l2"),
    ("c4", "won", "2026-02-10", "2026-02-08", None, None, None),
    ("c5", "lost", "2026-01-29", "2026-02-12", "2026-01-28", None, None),
    ("c6", "lost", "2026-02-24", "2026-03-04", None, None, None),
    ("c7", "open", "2026-02-01", None, None, "2026-02-04", None),
    ("c8", "open", "2026-02-25", None, None, "2026-03-02", None),
    ("c9", "open", "2026-01-29", None, None, "2026-02-03", None),
    ("c10", "abandoned", "2026-01-01", "2026-02-20", None, None, None),
]
FOUND = [("id", "created_at"), ("l1", "2026-01-12"), ("l2", "2026-01-24")]

HOURS = [
    ("id", "outcome", "created_at", "closed_at"),
    ("h1", "won", "2026-01-01T06:00Z", "2026-01-02T18:00Z"),
]

# l5 has waited for exactly an hour, l6 for exactly 24; l7 was answered before it was there; l8 and l9 after exactly an hour
LEADS = [
    ("id", "created_at", "first_response_at", "assigned_at"),
    ("l1", "2026-03-02T09:00Z", "2026-03-02T09:30Z", "2026-03-02T21:00Z"),
    ("l2", "2026-03-02T10:00Z", "2026-03-03T10:00Z", "2026-03-04T10:00Z"),
    ("l3", "2026-03-03T08:00Z", "2026-03-05T08:00Z", None),
    ("l4", "2026-03-01T12:00Z", None, None),
    ("l5", "2026-03-05T11:00Z", None, None),
    ("l6", "2026-03-04T12:00Z", None, None),
    ("l7", "2026-03-04T10:00Z", "2026-03-04T09:00Z", None),
    ("l8", "2026-03-03T09:00Z", "2026-03-03T10:00Z", None),
    ("l9", "2026-03-03T11:00Z", "2026-03-03T12:00Z", None),
]

BUSINESS = {"opportunity": DEALS, "lead": FOUND}
END = {"as_of": "2026-03-31"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}
ANSWERS = {"lead": LEADS}
NOON = {"as_of": "2026-03-05T12:00Z"}
DAYS = {"as_of": "2026-03-05T12:00Z", "per": "day"}


def closings(february, march):
    """Return what is expected of the two months in which deals close."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    # c1 10 days, c2 20, c3 0, which stays (O6, E16); c4 is negative and left out (T3, E15)
    ("sales_cycle_days", BUSINESS, END, Fraction(10 + 20 + 0, 3)),
    ("sales_cycle_days", BUSINESS, MONTHS, closings(Fraction(10 + 0, 2), 20)),
    ("median_sales_cycle_days", BUSINESS, END, 10),
    ("median_sales_cycle_days", BUSINESS, MONTHS, closings(5, 20)),
    # exact between instants: 36 hours are a day and a half (T2)
    ("sales_cycle_days", {"opportunity": HOURS}, {}, Fraction(3, 2)),
    # nothing won: a mean and a median of nothing are undefined (R2)
    ("sales_cycle_days", {"opportunity": HOURS[:1]}, {}, None),
    ("median_sales_cycle_days", {"opportunity": HOURS[:1]}, {}, None),
    # c1 12 days, c2 24; the other won ones have no first contact
    ("sales_cycle_from_first_contact_days", BUSINESS, MONTHS, closings(12, 24)),
    ("median_sales_cycle_from_first_contact_days", BUSINESS, MONTHS, closings(12, 24)),
    # c1 20 days from its lead, c3 10 from its lead, c2 20 from its own creation; c4 is negative
    ("lead_to_close_days", BUSINESS, MONTHS, closings(15, 20)),
    ("median_lead_to_close_days", BUSINESS, MONTHS, closings(15, 20)),
    ("median_lead_to_close_days", BUSINESS, END, 20),
    # c1 10, c3 0, c5 14; c2 20, c6 8; the abandoned one is neither won nor lost
    ("days_to_close", BUSINESS, MONTHS, closings(8, 14)),
    ("days_to_loss", BUSINESS, MONTHS, closings(14, 8)),
    # c7 3, c9 5; c8 5
    ("deal_days_to_assign", BUSINESS, MONTHS, closings(4, 5)),
    # open on 31 January c1 9 days, c5 2, c9 2, c10 30; on 28 February c2 12, c6 4, c7 27, c8 3, c9 30; on 31 March c7 58,
    # c8 34, c9 61 (T4, O8)
    ("open_deal_age_days", BUSINESS, MONTHS, (Fraction(43, 4), Fraction(76, 5), 51)),
    # half way between 2 and 9; 12; 58 (Q1)
    ("median_open_deal_age_days", BUSINESS, MONTHS, (Fraction(11, 2), 12, 58)),
    # by day of assignment, 2 to 4 March: 12 hours, nobody, 48 hours
    ("days_to_assign", ANSWERS, DAYS, (Fraction(1, 2), None, 2)),
    # by day of the answer, 2 to 5 March: half an hour; 24, 1 and 1; the negative one is left out (T3); 48
    ("first_response_hours", ANSWERS, DAYS, (Fraction(1, 2), Fraction(26, 3), None, 48)),
    ("median_first_response_hours", ANSWERS, DAYS, (Fraction(1, 2), 1, None, 48)),
    # by day of creation, 1 to 4 March: l4 late; l1 met, l2 late; l8 l9 met, l3 late; l6 late, l7 not judged; l5 still has
    # time, so that the fifth of March has nothing to show (R5)
    ("response_sla_rate_1_hour", ANSWERS, NOON, Fraction(3, 7)),
    ("response_sla_rate_1_hour", ANSWERS, DAYS, (0, Fraction(1, 2), Fraction(2, 3), 0)),
    # exactly 24 hours are within 24: l4 late; l1 l2 met; l8 l9 met, l3 late; l6 still has time
    ("response_sla_rate_24_hours", ANSWERS, NOON, Fraction(4, 6)),
    ("response_sla_rate_24_hours", ANSWERS, DAYS, (0, 1, Fraction(2, 3))),
]
