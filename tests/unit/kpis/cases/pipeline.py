"""The open pipeline: ten deals in two months and five stages; coverage of the quotas of three populations."""

from fractions import Fraction

from crmcore.kpis import open_value_closing_within, stalled_deals

# p9 and p10 have no amount, p3 p7 p8 no probability of their own; p5 closes on the day looked at, at 100 %
DEALS = [
    (
        "id",
        "outcome",
        "created_at",
        "closed_at",
        "expected_close",
        "last_activity_at",
        "amount",
        "probability",
        "stage",
    ),
    ("p1", "open", "2026-06-01", None, "2026-07-15", "2026-06-25", 1000, Fraction(1, 2), "s1"),
    ("p2", "open", "2026-05-01", None, "2026-09-28", "2026-05-31", 200, 0, "s2"),
    ("p3", "open", "2026-05-01", None, "2026-09-29", None, 400, None, "s1"),
    ("p4", "open", "2026-06-10", None, "2026-06-29", None, 50, Fraction(9, 10), "s2"),
    ("p5", "open", "2026-05-01", None, "2026-06-30", "2026-05-30", 600, 1, "s2"),
    ("p6", "won", "2026-05-01", "2026-06-10", "2026-07-20", None, 5000, 1, "s4"),
    ("p7", "lost", "2026-05-01", "2026-06-12", "2026-06-01", None, 900, None, "s5"),
    ("p8", "open", "2026-05-01", None, "2026-06-01", "2026-06-30", 100, None, "s3"),
    ("p9", "open", "2026-05-02", None, None, "2026-06-29", None, Fraction(9, 10), "s2"),
    ("p10", "lost", "2026-05-02", "2026-06-20", None, None, None, 0, "s5"),
]
STAGES = [
    ("id", "kind", "probability"),
    ("s1", "open", Fraction(1, 4)),
    ("s2", "open", Fraction(1, 2)),
    ("s3", "open", None),
]

# the mean probability times the sum would give 148.5
TWO = [
    ("id", "outcome", "created_at", "amount", "probability"),
    ("a", "open", "2026-05-01", 100, Fraction(99, 100)),
    ("b", "open", "2026-05-01", 200, 0),
]

# the first quarter ends with 1300 + 4000 open and 700 won, the second with 1300 + 1000 and 5000
COVERED = [
    ("id", "outcome", "created_at", "closed_at", "amount"),
    ("v1", "open", "2026-02-01", None, 1300),
    ("v2", "open", "2026-04-05", None, 1000),
    ("v3", "won", "2026-03-01", "2026-06-10", 4000),
    ("v4", "won", "2026-04-01", "2026-05-05", 1000),
    ("v5", "lost", "2026-04-01", "2026-05-05", 900),
    ("v6", "won", "2026-01-02", "2026-02-10", 700),
]


def quotas(scope, other, *amounts):
    """Return quotas of the second quarter, with what is no quota of won value of this population beside them."""
    spring = ("2026-04-01", "2026-07-01")
    return [
        ("kind", "scope", "metric", "amount", "start", "end"),
        *(("quota", scope, "won_value", amount, *spring) for amount in amounts),
        ("budget", scope, "won_value", 70, *spring),
        ("quota", scope, "lost_value", 80, *spring),
        ("quota", other, "won_value", 90, *spring),
    ]


def shares(totals, *stages):
    """Return what each stage has of May and of June, stage by stage."""
    return tuple(Fraction(part, total) for parts in stages for part, total in zip(parts, totals, strict=True))


BUSINESS = {"opportunity": DEALS, "stage": STAGES}
SELLERS = {"opportunity": COVERED, "target": quotas("seller", "team", 3000, 4000)}
TEAMS = {"opportunity": COVERED, "target": quotas("team", "organisation", 3500, 2500)}
PRODUCTS = {"opportunity": COVERED, "target": quotas("product", "seller", 5600)}
ALL = {"opportunity": COVERED, "target": quotas("organisation", "seller", 9200)}
MET = {"opportunity": COVERED, "target": quotas("seller", "team", 5000)}

END = {"as_of": "2026-06-30"}
MONTHS = {"as_of": "2026-06-30", "per": "month"}
BY_STAGE = {**MONTHS, "by": ["stage"]}
QUARTERS = {"as_of": "2026-06-30", "per": "quarter"}

CASES = [
    # May p2 p3 p5 p8 and p6 p7, which closed later; June p1 p2 p3 p4 p5 p8 (T4, O8)
    ("open_value", BUSINESS, MONTHS, (7200, 2350)),
    # from 31 May: p7 p8 in a day, p5 in 30, p6 in 50; from 30 June: p5 today, p1 in 15 days, p2 in 90; p3 in 91
    ("open_value_closing_within_90_days", BUSINESS, MONTHS, (900 + 100 + 600 + 5000, 600 + 1000 + 200)),
    (open_value_closing_within(15), BUSINESS, END, 1600),
    (open_value_closing_within(14), BUSINESS, END, 600),
    # deal by deal, those without a probability unweighted (M4, E36): May 0 + 400 + 600 + 5000 + 900 + 100;
    # June 500 + 0 + 400 + 45 + 600 + 100, no lost deal in it (E42)
    # a deal without a probability takes its stage's, or goes in whole (M4)
    ("weighted_value", BUSINESS, MONTHS, (6700, 1345)),
    ("weighted_value", {"opportunity": TWO}, END, 99),  # E34
    # p3 takes the quarter of its stage; the stages of p7 and p8 have none: 300 less
    # May p3 p7 p8, June p3 p8
    ("unweighted_open_deals", BUSINESS, MONTHS, (3, 2)),
    # May p9 p10, June p9
    ("unpriced_open_deals", BUSINESS, MONTHS, (2, 1)),
    # of 8 deals in May and 7 in June
    ("open_deals_share", BUSINESS, BY_STAGE, shares((8, 7), (1, 2), (3, 4), (1, 1), (1, 0), (2, 0))),
    # of 7200 in May and 2350 in June
    (
        "open_value_share",
        BUSINESS,
        BY_STAGE,
        shares((7200, 2350), (400, 1400), (800, 850), (100, 100), (5000, 0), (900, 0)),
    ),
    # June p4 and p8; won and lost deals are never overdue, nor is p5 on its last day (E10)
    ("overdue_open_deals", BUSINESS, MONTHS, (0, 2)),
    ("overdue_open_value", BUSINESS, MONTHS, (0, 150)),
    # on 31 May none has been idle for more than 30 days; on 30 June p3 60 since its creation, p5 31; p2 just 30
    ("stalled_deals_30_days", BUSINESS, MONTHS, (0, 2)),
    (stalled_deals(29), BUSINESS, END, 3),
    # by month of creation, whatever became of them
    ("pipeline_generated", BUSINESS, MONTHS, (200 + 400 + 600 + 5000 + 900 + 100, 1000 + 50)),
    # missing to 7000, 6000 and 9200 are 2000, 1000 and 4200 (M8); without a quota, nothing is missing
    ("pipeline_coverage", SELLERS, QUARTERS, (None, Fraction(2300, 2000))),
    ("team_pipeline_coverage", TEAMS, QUARTERS, (None, Fraction(2300, 1000))),
    ("organisation_pipeline_coverage", ALL, QUARTERS, (None, Fraction(2300, 4200))),
    ("product_pipeline_coverage", PRODUCTS, QUARTERS, (None, Fraction(2300, 600))),
    # 5000 of 5000 won: undefined, "target met" (R2)
    ("pipeline_coverage", MET, QUARTERS, (None, None)),
    ("pipeline_coverage_of_target", SELLERS, QUARTERS, {"2026-Q2": Fraction(2300, 7000)}),
    ("team_pipeline_coverage_of_target", TEAMS, QUARTERS, {"2026-Q2": Fraction(2300, 6000)}),
    ("product_pipeline_coverage_of_target", PRODUCTS, QUARTERS, {"2026-Q2": Fraction(2300, 5600)}),
    ("organisation_pipeline_coverage_of_target", ALL, QUARTERS, {"2026-Q2": Fraction(2300, 9200)}),
]
