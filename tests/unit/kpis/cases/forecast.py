"""Forecasts: two quarters of sellers, teams and the organisation; published examples of one quarter."""

from fractions import Fraction

AUTUMN, WINTER = ("2025-10-01", "2026-01-01"), ("2026-01-01", "2026-04-01")

# won in winter: anna 340, ben 60, cora 50, nobody 10; in autumn anna 70
DEALS = [
    ("id", "outcome", "owner", "created_at", "closed_at", "amount"),
    ("d1", "won", "anna", "2025-12-02", "2026-01-20", 300),
    ("d2", "won", "ben", "2025-12-02", "2026-02-03", 60),
    ("d3", "won", "anna", "2025-12-02", "2026-02-10", 40),
    ("d4", "lost", "ben", "2025-12-02", "2026-02-11", 999),
    ("d5", "won", "anna", "2025-11-02", "2025-11-20", 70),
    ("d6", "won", "cora", "2025-12-02", "2026-03-02", 50),
    ("d7", "won", None, "2025-12-02", "2026-03-03", 10),
]
# of winter: anna 300 in two parts, ben 100, dora 20, cora nothing; the team 500, the organisation 640
FORECASTS = [
    ("owner", "team", "category", "amount", "start", "end"),
    ("anna", None, "commit", 100, *AUTUMN),
    ("anna", "north", "commit", 200, *WINTER),
    ("anna", None, "commit", 100, *WINTER),
    ("ben", None, "commit", 100, *WINTER),
    ("ben", None, "best_case", 70, *WINTER),
    ("dora", None, "commit", 20, *WINTER),
    (None, "north", "commit", 500, *WINTER),
    (None, "north", "best_case", 30, *WINTER),
    (None, None, "commit", 640, *WINTER),
    (None, None, "pipeline", 11, *WINTER),
]
BUSINESS = {"opportunity": DEALS, "forecast": FORECASTS}
QUARTERS = {"as_of": "2026-03-31", "per": "quarter"}


def one_quarter(actual, forecast):
    """Return one deal and one forecast of a quarter."""
    return {
        "opportunity": [
            ("id", "outcome", "owner", "created_at", "closed_at", "amount"),
            ("d1", "won", "anna", "2025-12-02", "2026-01-20", actual),
        ],
        "forecast": [("owner", "category", "amount", "start", "end"), ("anna", "commit", forecast, *WINTER)],
    }


# fc-accuracy-conventions, and kpi-seed-formulas
EIGHTY = one_quarter(80, 100)
SEED = one_quarter(950_000, 1_000_000)
UNDER = one_quarter(100, 80)
# one who forecast nothing and one who does not forecast: both are missed by 5, and the one has a forecast
NOTHING = {
    "opportunity": [
        ("id", "outcome", "owner", "created_at", "closed_at", "amount"),
        ("d1", "won", "anna", "2025-12-02", "2026-01-20", 5),
        ("d2", "won", "ben", "2025-12-02", "2026-01-20", 5),
        ("d3", "won", "cora", "2025-12-02", "2026-01-20", 10),
    ],
    "forecast": [
        ("owner", "category", "amount", "start", "end"),
        ("anna", "commit", 0, *WINTER),
        ("ben", "best_case", 9, *WINTER),
        ("cora", "commit", 4, *WINTER),
    ],
}
ABOVE = {
    "forecast": [
        ("owner", "team", "category", "amount", "start", "end"),
        (None, "north", "commit", 80, *AUTUMN),
        (None, "north", "commit", 500, *WINTER),
        (None, None, "commit", 90, *AUTUMN),
        (None, None, "commit", 640, *WINTER),
        ("anna", None, "commit", 7, *AUTUMN),
    ]
}
# who won something in a quarter without a forecast is judged in the other one
APART = {
    "opportunity": [
        ("id", "outcome", "owner", "created_at", "closed_at", "amount"),
        ("d1", "won", "anna", "2025-10-02", "2025-11-20", 70),
        ("d2", "won", "ben", "2025-10-02", "2025-12-20", 30),
        ("d3", "won", "ben", "2025-10-02", "2026-01-20", 60),
    ],
    "forecast": [
        ("owner", "category", "amount", "start", "end"),
        ("anna", "commit", 100, *AUTUMN),
        ("ben", "commit", 50, *WINTER),
    ],
}
# 90 for the 90 days of a quarter (M8)
DAILY = one_quarter(1, 90)


def quarters(autumn, winter):
    """Return what is expected of the two quarters."""
    return {"2025-Q4": autumn, "2026-Q1": winter}


CASES = [
    # sellers, teams and the organisation are never added (M8); best case is not committed (F1)
    ("forecast_value", BUSINESS, QUARTERS, quarters(100, 420)),
    ("team_forecast_value", BUSINESS, QUARTERS, {"2026-Q1": 500}),
    ("organisation_forecast_value", BUSINESS, QUARTERS, {"2026-Q1": 640}),
    ("team_forecast_value", ABOVE, QUARTERS, quarters(80, 500)),
    ("organisation_forecast_value", ABOVE, QUARTERS, quarters(90, 640)),
    ("forecast_value", DAILY, {"as_of": "2026-03-31", "per": "month"}, {"2026-01": 31, "2026-02": 28, "2026-03": 31}),
    ("forecast_attainment", BUSINESS, QUARTERS, quarters(Fraction(70, 100), Fraction(460, 420))),
    ("forecast_attainment", EIGHTY, {}, Fraction(80, 100)),
    ("forecast_attainment", SEED, {}, Fraction(95, 100)),
    # anna, ben, cora who has no forecast, dora, nobody
    (
        "forecast_attainment",
        BUSINESS,
        {"as_of": "2026-03-31", "by": ["owner"]},
        (Fraction(410, 400), Fraction(60, 100), None, 0, None),
    ),
    # without a forecast nothing is judged, which is not an accuracy of 0 (M3)
    ("team_forecast_attainment", BUSINESS, QUARTERS, quarters(None, Fraction(460, 500))),
    ("organisation_forecast_attainment", BUSINESS, QUARTERS, quarters(None, Fraction(460, 640))),
    ("forecast_accuracy", BUSINESS, QUARTERS, quarters(Fraction(4, 7), Fraction(42, 46))),
    ("forecast_accuracy", EIGHTY, {}, Fraction(3, 4)),
    # not floored: a forecast of 500 where 100 came is off by four times what came
    ("forecast_accuracy", one_quarter(100, 500), {}, -3),
    (
        "forecast_accuracy",
        BUSINESS,
        {"as_of": "2026-03-31", "by": ["owner"]},
        (Fraction(400, 410), Fraction(20, 60), None, None, None),
    ),
    ("team_forecast_accuracy", BUSINESS, QUARTERS, quarters(None, Fraction(42, 46))),
    ("organisation_forecast_accuracy", BUSINESS, QUARTERS, quarters(None, Fraction(28, 46))),
    ("forecast_bias", BUSINESS, QUARTERS, quarters(Fraction(30, 70), Fraction(-40, 460))),
    ("forecast_bias", EIGHTY, {}, Fraction(1, 4)),
    # dora won nothing: undefined (R2)
    (
        "forecast_bias",
        BUSINESS,
        {"as_of": "2026-03-31", "by": ["owner"]},
        (Fraction(-10, 410), Fraction(40, 60), None, None, None),
    ),
    ("team_forecast_bias", BUSINESS, QUARTERS, quarters(None, Fraction(40, 460))),
    ("organisation_forecast_bias", BUSINESS, QUARTERS, quarters(None, Fraction(180, 460))),
    ("forecast_accuracy_symmetric", BUSINESS, QUARTERS, quarters(Fraction(7, 10), Fraction(42, 46))),
    ("forecast_accuracy_symmetric", EIGHTY, {}, Fraction(8, 10)),
    ("forecast_accuracy_symmetric", UNDER, {}, Fraction(8, 10)),
    (
        "forecast_accuracy_symmetric",
        BUSINESS,
        {"as_of": "2026-03-31", "by": ["owner"]},
        (Fraction(400, 410), Fraction(60, 100), None, 0, None),
    ),
    ("forecast_error", BUSINESS, QUARTERS, quarters(Fraction(3, 7), Fraction(4, 46))),
    ("forecast_error", one_quarter(100, 500), {}, 4),
    (
        "forecast_error",
        BUSINESS,
        {"as_of": "2026-03-31", "by": ["owner"]},
        (Fraction(10, 410), Fraction(40, 60), None, None, None),
    ),
    # misses of 40, 40 and 20 on 400; the total of the same sellers misses by 20 alone, since they offset each other (F2)
    ("forecast_wape", BUSINESS, QUARTERS, quarters(Fraction(30, 70), Fraction(100, 400))),
    # anna 5 of 5, cora 6 of 10
    ("forecast_wape", NOTHING, {}, Fraction(11, 15)),
    ("forecast_wape", APART, QUARTERS, quarters(Fraction(30, 70), Fraction(10, 60))),
    # 40 of 340 and 40 of 60; dora, who won nothing, has no rate
    ("forecast_mape", BUSINESS, QUARTERS, quarters(3 / 7, 20 / 51)),
    ("forecast_mape", NOTHING, {}, 0.8),
    ("forecast_mape", APART, QUARTERS, quarters(3 / 7, 1 / 6)),
]
