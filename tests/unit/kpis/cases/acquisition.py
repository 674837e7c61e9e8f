"""What winning costs: six costs, three new customers, four leads, three deals; and the articles' examples."""

from fractions import Fraction

from crmcore.kpis import cac, customer_lifetime_value

COSTS = [
    ("kind", "category", "amount", "date"),
    ("expense", "travel", 40, "2025-12-10"),
    ("spend", "media", 600, "2026-01-15"),
    ("expense", "travel", 30, "2026-02-06"),
    ("spend", "salary", 400, "2026-02-10"),
    ("spend", "media", 200, "2026-02-20"),
    ("expense", "travel", 120, "2026-03-05"),
]
ACCOUNTS = [
    ("id", "created_at", "customer_since"),
    ("acme", "2025-12-01", "2026-02-01"),
    ("beta", "2025-12-01", "2026-02-20"),
    ("gamma", "2025-12-01", "2026-03-03"),
    ("delta", "2025-12-01", None),
]
LEADS = [("id", "created_at"), ("l1", "2026-01-02"), ("l2", "2026-01-03"), ("l3", "2026-02-02"), ("l4", "2026-03-02")]
DEALS = [
    ("id", "outcome", "account", "amount", "created_at", "closed_at"),
    ("d1", "won", "acme", 2500, "2026-01-02", "2026-02-01"),
    ("d2", "won", "beta", 500, "2026-01-02", "2026-03-10"),
    ("d3", "lost", "delta", 900, "2026-01-02", "2026-02-21"),
]


def budgets(scope, other, *amounts):
    """Return budgets of the quarter, with what is no expense budget of this population beside them."""
    winter = ("2026-01-01", "2026-04-01")
    return [
        ("kind", "scope", "metric", "amount", "start", "end"),
        *(("budget", scope, "expense_value", amount, *winter) for amount in amounts),
        ("quota", scope, "expense_value", 70, *winter),
        ("budget", scope, "spend_value", 80, *winter),
        ("budget", other, "expense_value", 90, *winter),
    ]


BUSINESS = {"cost": COSTS, "account": ACCOUNTS, "lead": LEADS, "opportunity": DEALS}
SELLERS = {"cost": COSTS, "target": budgets("seller", "team", 120, 80)}
TEAMS = {"cost": COSTS, "target": budgets("team", "organisation", 60, 40)}
PRODUCTS = {"cost": COSTS, "target": budgets("product", "team", 300)}
ALL = {"cost": COSTS, "target": budgets("organisation", "seller", 600)}
END = {"as_of": "2026-03-31"}
QUARTERS = {"as_of": "2026-03-31", "per": "quarter"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}

# kpi-seed-formulas: 120 leads, 30 customers of 8,000 a year, 50,000 + 70,000 spent, cycles of 30, 45 and 60 days
FIRST_CONTACT = ("2026-05-02", "2026-04-17", "2026-04-02")  # 30, 45, 60 days before 1 June
SEED = {
    "lead": [("id", "created_at"), *((f"l{n}", "2026-03-01") for n in range(120))],
    "opportunity": [
        ("id", "outcome", "account", "amount", "created_at", "first_contact_at", "closed_at"),
        *((f"d{n}", "won", f"a{n}", 8000, "2026-04-01", FIRST_CONTACT[n % 3], "2026-06-01") for n in range(30)),
    ],
    "account": [("id", "created_at", "customer_since"), *((f"a{n}", "2026-03-01", "2026-06-01") for n in range(30))],
    "cost": [
        ("kind", "category", "amount", "date"),
        ("spend", "marketing", 50000, "2026-02-01"),
        ("spend", "sales", 70000, "2026-02-01"),
    ],
}
# clv-simple: 1,200 a year for 4 years, 900 to win one, here for two customers; what lies more than 365 days back is not of this year, nor are
# lost deals and expenses
SIMPLE = {
    "opportunity": [
        ("id", "outcome", "account", "amount", "created_at", "closed_at"),
        ("d0", "won", "gamma", 5000, "2025-01-01", "2025-12-31"),
        ("d1", "won", "acme", 500, "2025-12-01", "2026-01-01"),
        ("d2", "won", "acme", 700, "2026-01-01", "2026-07-01"),
        ("d3", "lost", "beta", 300, "2026-01-01", "2026-05-01"),
        ("d4", "won", "zeta", 1200, "2025-12-01", "2026-02-01"),
    ],
    "account": [
        ("id", "created_at", "customer_since"),
        ("acme", "2025-01-01", "2026-01-01"),
        ("beta", "2025-01-01", None),
        ("gamma", "2025-01-01", "2025-12-31"),
        ("zeta", "2025-01-01", "2026-02-01"),
    ],
    "cost": [
        ("kind", "amount", "date"),
        ("spend", 800, "2025-12-31"),
        ("spend", 1200, "2026-01-01"),
        ("spend", 600, "2026-12-31"),
        ("expense", 50, "2026-05-01"),
    ],
}
YEAR = {"as_of": "2026-12-31"}

CASES = [
    ("spend_value", BUSINESS, MONTHS, (600, 400 + 200)),
    ("expense_value", BUSINESS, QUARTERS, (40, 30 + 120)),
    ("new_customers", BUSINESS, END, 3),
    ("new_customers", BUSINESS, MONTHS, (2, 1)),
    # at the end of February gamma was none yet (O8)
    ("new_customers", BUSINESS, {"as_of": "2026-02-28"}, 2),
    ("cac", BUSINESS, END, 400),
    # January nobody, February 600 over two, March nothing over one
    ("cac", BUSINESS, MONTHS, (None, 300, 0)),
    (cac(category="media"), BUSINESS, MONTHS, (None, 100, 0)),
    # spend of the month before: none over nobody, 600 over two, 600 over one
    ("cac_lag_1_month", BUSINESS, MONTHS, (None, 300, 600)),
    # without a period: the running month, March, against February
    ("cac_lag_1_month", BUSINESS, END, 600),
    # December 40 and January 600 over nobody, February 630 over two, March 120 over one
    ("cac_with_expenses", BUSINESS, END, Fraction(1200 + 190, 3)),
    ("cac_with_expenses", BUSINESS, MONTHS, (None, None, 315, 120)),
    # 600 over two, 600 over one, nothing over one
    ("cost_per_lead", BUSINESS, MONTHS, (300, 600, 0)),
    ("cost_per_won_deal", BUSINESS, END, 600),
    # 600 over no deal, 600 over d1, nothing over d2
    ("cost_per_won_deal", BUSINESS, MONTHS, (None, 600, 0)),
    ("return_on_spend", BUSINESS, END, Fraction(3000 - 1200, 1200)),
    # (0 - 600) / 600, (2500 - 600) / 600, 500 over nothing spent
    ("return_on_spend", BUSINESS, MONTHS, (-1, Fraction(1900, 600), None)),
    # no budget for 40 in the quarter before; 150 of 200, 100 and 600 (M8)
    ("budget_use", SELLERS, QUARTERS, (None, Fraction(150, 200))),
    ("product_budget_use", PRODUCTS, QUARTERS, (None, Fraction(150, 300))),
    ("team_budget_use", TEAMS, QUARTERS, (None, Fraction(150, 100))),
    ("organisation_budget_use", ALL, QUARTERS, (None, Fraction(150, 600))),
    # kpi-seed-formulas
    ("lead_to_customer_rate", SEED, YEAR, Fraction(1, 4)),
    ("cac", SEED, YEAR, 4000),
    ("customer_lifetime_value_3_years", SEED, YEAR, 20000),
    ("sales_cycle_from_first_contact_days", SEED, YEAR, 45),
    # clv-simple: 1200 x 4 - 900; for three years 1200 x 3 - 900 (T6)
    (customer_lifetime_value(4), SIMPLE, YEAR, 3900),
    ("customer_lifetime_value_3_years", SIMPLE, YEAR, 2700),
]
