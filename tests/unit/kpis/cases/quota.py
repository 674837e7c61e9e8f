"""Quota: a quarter of 90 days of which 60 have passed; quotas of sellers, teams and the organisation; account plans."""

from fractions import Fraction

# 400 is won in the first quarter of 2026, 70 of 100 in the one before
DEALS = [
    ("id", "outcome", "owner", "account", "created_at", "closed_at", "amount"),
    ("q1", "won", "anna", "acme", "2025-12-02", "2026-01-20", 300),
    ("q2", "won", "ben", "beta", "2026-01-02", "2026-02-03", 60),
    ("q3", "won", "anna", "beta", "2026-01-02", "2026-02-10", 40),
    ("q4", "lost", "ben", "acme", "2026-01-02", "2026-02-11", 999),
    ("q5", "won", "anna", "beta", "2025-11-02", "2025-11-20", 70),
]


def quotas(scope, other, *amounts):
    """Return quotas of two quarters, with what is no quota of won value of this population beside them."""
    winter = ("2026-01-01", "2026-04-01")
    return [
        ("kind", "scope", "owner", "metric", "amount", "start", "end"),
        ("quota", scope, "anna", "won_value", 100, "2025-10-01", "2026-01-01"),
        *(
            ("quota", scope, owner, "won_value", amount, *winter)
            for owner, amount in zip(("anna", "ben"), amounts, strict=False)
        ),
        ("budget", scope, "anna", "won_value", 70, *winter),
        ("quota", scope, "anna", "lost_value", 80, *winter),
        ("quota", other, "anna", "won_value", 90, *winter),
    ]


PLANS = [
    ("kind", "scope", "account", "metric", "amount", "start", "end"),
    ("plan", "account", "acme", "won_value", 800, "2026-01-01", "2026-04-01"),
    ("plan", "account", "acme", "won_value", 400, "2026-01-01", "2026-04-01"),
    ("plan", "account", "beta", "won_value", 50, "2026-01-01", "2026-04-01"),
    ("quota", "account", "acme", "won_value", 70, "2026-01-01", "2026-04-01"),
    ("plan", "product", "acme", "won_value", 80, "2026-01-01", "2026-04-01"),
    ("plan", "account", "acme", "lost_value", 90, "2026-01-01", "2026-04-01"),
]

# anna's quota doubles in the middle of February, ben starts in March (E46)
CHANGED = {
    "opportunity": DEALS,
    "target": [
        ("kind", "scope", "owner", "metric", "amount", "start", "end"),
        ("quota", "seller", "anna", "won_value", 450, "2026-01-01", "2026-02-15"),
        ("quota", "seller", "anna", "won_value", 900, "2026-02-15", "2026-04-01"),
        ("quota", "seller", "ben", "won_value", 62, "2026-03-01", "2026-04-01"),
    ],
}

SELLERS = {"opportunity": DEALS, "target": quotas("seller", "team", 450, 300)}
TEAMS = {"opportunity": DEALS, "target": quotas("team", "organisation", 360, 240)}
ALL = {"opportunity": DEALS, "target": quotas("organisation", "seller", 1500, 500)}
PRODUCTS = {"opportunity": DEALS, "target": quotas("product", "seller", 300, 180)}
PRODUCTS_BEYOND = {"opportunity": DEALS, "target": quotas("product", "team", 390)}
# anna has 70 of 70 in autumn and 340 of 340 in winter; ben 60 of 300, in winter only; carl has a budget, no quota
ONE_REACHED = {
    "opportunity": DEALS,
    "target": [
        ("kind", "scope", "owner", "metric", "amount", "start", "end"),
        ("quota", "seller", "anna", "won_value", 70, "2025-10-01", "2026-01-01"),
        ("quota", "seller", "anna", "won_value", 340, "2026-01-01", "2026-04-01"),
        ("quota", "seller", "ben", "won_value", 300, "2026-01-01", "2026-04-01"),
        ("budget", "seller", "carl", "won_value", 50, "2025-10-01", "2026-04-01"),
    ],
}


def budgets(scope, other, autumn, *amounts):
    """Return budgets of two quarters, with what is no budget of won value of this population beside them."""
    winter = ("2026-01-01", "2026-04-01")
    return {
        "opportunity": DEALS,
        "target": [
            ("kind", "scope", "metric", "amount", "start", "end"),
            ("budget", scope, "won_value", autumn, "2025-10-01", "2026-01-01"),
            *(("budget", scope, "won_value", amount, *winter) for amount in amounts),
            ("quota", scope, "won_value", 70, *winter),
            ("budget", scope, "expense_value", 80, *winter),
            ("budget", other, "won_value", 90, *winter),
        ],
    }


REACHED = {"opportunity": DEALS, "target": quotas("seller", "team", 400)}
TEAMS_BEYOND = {"opportunity": DEALS, "target": quotas("team", "seller", 390)}
ALL_BEYOND = {"opportunity": DEALS, "target": quotas("organisation", "team", 390)}
QUARTERS = {"as_of": "2026-03-01", "per": "quarter"}


def quarters(autumn, winter):
    """Return what is expected of the quarter that is over and of the one that runs."""
    return {"2025-Q4": autumn, "2026-Q1": winter}


CASES = [
    # persons, teams and the organisation are never added (M8)
    ("quota_value", SELLERS, QUARTERS, quarters(100, 750)),
    # 10 a day for 45 days, then 20; ben's 62 in March alone (M8)
    (
        "quota_value",
        CHANGED,
        {"as_of": "2026-03-31", "per": "month"},
        {"2026-01": 310, "2026-02": 14 * 10 + 14 * 20, "2026-03": 31 * 20 + 62},
    ),
    ("quota_value", CHANGED, {"as_of": "2026-03-31", "per": "quarter", "by": ["owner"]}, (1350, 62)),
    ("team_quota_value", TEAMS, QUARTERS, quarters(100, 600)),
    ("organisation_quota_value", ALL, QUARTERS, quarters(100, 2000)),
    ("product_quota_value", PRODUCTS, QUARTERS, quarters(100, 480)),
    ("quota_attainment", SELLERS, QUARTERS, quarters(Fraction(70, 100), Fraction(400, 750))),
    # of anna and of ben, who had no quota in autumn: undefined (R2, E46); the total is not their mean (R1, E35)
    (
        "quota_attainment",
        SELLERS,
        {**QUARTERS, "by": ["owner"]},
        (Fraction(70, 100), Fraction(340, 450), None, Fraction(60, 300)),
    ),
    ("team_quota_attainment", TEAMS, QUARTERS, quarters(Fraction(70, 100), Fraction(400, 600))),
    ("organisation_quota_attainment", ALL, QUARTERS, quarters(Fraction(70, 100), Fraction(400, 2000))),
    ("product_quota_attainment", PRODUCTS, QUARTERS, quarters(Fraction(70, 100), Fraction(400, 480))),
    # a budget is no quota (R4); attained by more than all of it, not capped (E46)
    (
        "revenue_budget_attainment",
        budgets("seller", "team", 100, 300, 340),
        QUARTERS,
        quarters(Fraction(7, 10), Fraction(400, 640)),
    ),
    (
        "team_revenue_budget_attainment",
        budgets("team", "product", 50, 500),
        QUARTERS,
        quarters(Fraction(7, 5), Fraction(400, 500)),
    ),
    (
        "organisation_revenue_budget_attainment",
        budgets("organisation", "seller", 140, 320),
        QUARTERS,
        quarters(Fraction(1, 2), Fraction(400, 320)),
    ),
    (
        "product_revenue_budget_attainment",
        budgets("product", "organisation", 210, 600),
        QUARTERS,
        quarters(Fraction(1, 3), Fraction(400, 600)),
    ),
    ("sellers_at_quota_share", ONE_REACHED, QUARTERS, quarters(1, Fraction(1, 2))),
    # a quota of nothing is no quota: anna alone, who reaches hers
    (
        "sellers_at_quota_share",
        {"opportunity": DEALS, "target": quotas("seller", "team", 340, 0)},
        QUARTERS,
        quarters(0, 1),
    ),
    # ben has no quota, so he is not among the sellers; anna has 340 of 400
    ("sellers_at_quota_share", REACHED, QUARTERS, quarters(0, 0)),
    ("quota_gap", SELLERS, QUARTERS, quarters(30, 350)),
    ("team_quota_gap", TEAMS, QUARTERS, quarters(30, 200)),
    ("organisation_quota_gap", ALL, QUARTERS, quarters(30, 1600)),
    ("product_quota_gap", PRODUCTS, QUARTERS, quarters(30, 80)),
    # over the 30 days that remain; autumn is over
    ("required_daily_value", SELLERS, QUARTERS, quarters(None, Fraction(350, 30))),
    ("team_required_daily_value", TEAMS, QUARTERS, quarters(None, Fraction(200, 30))),
    ("organisation_required_daily_value", ALL, QUARTERS, quarters(None, Fraction(1600, 30))),
    ("product_required_daily_value", PRODUCTS, QUARTERS, quarters(None, Fraction(80, 30))),
    # 400 of 400, and 400 of 390: nothing is required any more
    ("required_daily_value", REACHED, QUARTERS, quarters(None, None)),
    ("team_required_daily_value", TEAMS_BEYOND, QUARTERS, quarters(None, None)),
    ("organisation_required_daily_value", ALL_BEYOND, QUARTERS, quarters(None, None)),
    ("product_required_daily_value", PRODUCTS_BEYOND, QUARTERS, quarters(None, None)),
    # two thirds of the quarter have elapsed (E19): 8/15, 2/3 and 1/5 over 2/3
    ("pace", SELLERS, QUARTERS, quarters(Fraction(7, 10), Fraction(4, 5))),
    ("team_pace", TEAMS, QUARTERS, quarters(Fraction(7, 10), 1)),
    ("organisation_pace", ALL, QUARTERS, quarters(Fraction(7, 10), Fraction(3, 10))),
    ("product_pace", PRODUCTS, QUARTERS, quarters(Fraction(7, 10), Fraction(400 * 90, 480 * 60))),
    ("pace", REACHED, QUARTERS, quarters(Fraction(7, 10), Fraction(3, 2))),
    # without a period nothing has elapsed
    ("pace", SELLERS, {"as_of": "2026-03-01"}, None),
    # exactly 0.8 is at risk, no longer behind; exactly 1 is on track (Q4)
    ("pace_status", SELLERS, QUARTERS, quarters("behind", "at risk")),
    ("team_pace_status", TEAMS, QUARTERS, quarters("behind", "on track")),
    ("product_pace_status", PRODUCTS, QUARTERS, quarters("behind", "on track")),
    ("organisation_pace_status", ALL, QUARTERS, quarters("behind", "behind")),
    # acme 300 of 1200, beta 100 of 50: not capped (E46)
    (
        "account_plan_attainment",
        {"opportunity": DEALS, "target": PLANS},
        {**QUARTERS, "by": ["account"]},
        (None, Fraction(1, 4), None, 2),
    ),
]
