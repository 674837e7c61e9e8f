"""Campaigns: touches of two months, some of which stand for many; costs and deals with and without a campaign."""

from fractions import Fraction

TOUCHES = [
    ("kind", "campaign", "at", "quantity"),
    ("sent", "spring", "2026-02-02", 100),
    ("sent", "fair", "2026-02-03", None),
    ("opened", "spring", "2026-02-03", 30),
    ("clicked", "spring", "2026-02-04", 8),
    ("bounced", "spring", "2026-02-02", 5),
    ("opted_out", "spring", "2026-02-05", 2),
    ("sent", "spring", "2026-03-02", 50),
    ("opened", "spring", "2026-03-02", 20),
    ("clicked", "fair", "2026-03-03", 3),
    ("opted_out", "fair", "2026-03-03", None),
]
MORE = [
    *TOUCHES[:1],
    ("sent", "fair", "2026-02-03", 10),
    ("bounced", "fair", "2026-02-03", 1),
    ("bounced", "fair", "2026-03-03", 2),
    ("sent", "fair", "2026-03-03", 8),
]
COSTS = [
    ("kind", "campaign", "amount", "date"),
    ("spend", "spring", 400, "2026-02-01"),
    ("spend", "fair", 100, "2026-03-01"),
    ("spend", None, 70, "2026-03-01"),
    ("expense", "spring", 30, "2026-02-01"),
]
# acme is won twice in March
DEALS = [
    ("id", "outcome", "account", "campaign", "amount", "created_at", "closed_at"),
    ("d1", "won", "acme", "spring", 600, "2026-01-02", "2026-02-10"),
    ("d2", "won", "acme", "fair", 150, "2026-01-02", "2026-03-10"),
    ("d3", "won", "acme", None, 80, "2026-01-02", "2026-03-11"),
    ("d4", "won", "beta", "spring", 200, "2026-01-02", "2026-03-12"),
    ("d5", "lost", "gamma", "spring", 999, "2026-01-02", "2026-03-13"),
    ("d6", "won", "delta", None, 10, "2026-01-02", "2026-02-11"),
]
BUSINESS = {"touch": TOUCHES, "cost": COSTS, "opportunity": DEALS}
END = {"as_of": "2026-03-31"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}


def months(february, march):
    """Return what is expected of the two months."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    # acme and delta in February; acme and beta in March, acme once (Q2)
    ("cost_per_won_customer", BUSINESS, MONTHS, months(200, Fraction(170, 2))),
    ("cost_per_won_customer", BUSINESS, END, Fraction(570, 3)),
    # neither the expense nor what has no campaign
    ("campaign_return", BUSINESS, MONTHS, months(Fraction(200, 400), Fraction(250, 100))),
    ("campaign_return", BUSINESS, END, Fraction(950 - 500, 500)),
    # fair 150 - 100, spring 800 - 400; what has no campaign is no group
    ("campaign_return", BUSINESS, {**END, "by": ["campaign"]}, (Fraction(50, 100), Fraction(400, 400))),
    ("messages_sent", BUSINESS, MONTHS, months(101, 50)),
    ("messages_opened", BUSINESS, MONTHS, months(30, 20)),
    ("messages_clicked", BUSINESS, MONTHS, months(8, 3)),
    ("open_rate", BUSINESS, MONTHS, months(Fraction(30, 101), Fraction(20, 50))),
    ("click_rate", BUSINESS, MONTHS, months(Fraction(8, 101), Fraction(3, 50))),
    # nothing was sent by fair in March, and three clicks came: undefined, not infinite (R2)
    (
        "click_rate",
        BUSINESS,
        {**MONTHS, "by": ["campaign"]},
        (0, None, Fraction(8, 100), 0),
    ),
    ("bounce_rate", BUSINESS, MONTHS, months(Fraction(5, 101), 0)),
    ("bounce_rate", {"touch": MORE}, MONTHS, months(Fraction(1, 10), Fraction(2, 8))),
    ("opt_out_rate", BUSINESS, MONTHS, months(Fraction(2, 101), Fraction(1, 50))),
    ("won_value_per_message", BUSINESS, MONTHS, months(Fraction(610, 101), Fraction(430, 50))),
]
