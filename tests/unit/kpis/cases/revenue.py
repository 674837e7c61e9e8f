"""Money won, the size of deals, velocity: five deals won in two quarters, two lost, three open."""

from fractions import Fraction

# r4 has no expected amount, r2 none made, r9 none at all
DEALS = [
    ("id", "outcome", "created_at", "closed_at", "amount", "won_amount"),
    ("r0", "won", "2026-01-01", "2026-02-10", 1000, 900),
    ("r1", "won", "2026-03-02", "2026-04-01", 100, 90),
    ("r2", "won", "2026-03-22", "2026-04-11", 200, None),
    ("r3", "won", "2026-04-21", "2026-05-01", 600, 660),
    ("r4", "won", "2026-03-30", "2026-04-19", None, 50),
    ("r5", "lost", "2026-03-01", "2026-05-01", 300, 33),
    ("r6", "lost", "2026-03-01", "2026-05-01", 250, None),
    ("r7", "open", "2026-03-01", None, 400, None),
    ("r8", "open", "2026-04-01", None, 0, None),
    ("r9", "open", "2026-04-01", None, None, None),
]

# 0 is an amount (s2), none is not (s3); s7 was open at the end of March
SIZES = [
    ("id", "outcome", "created_at", "closed_at", "amount"),
    ("s1", "open", "2026-03-01", None, 400),
    ("s2", "open", "2026-04-02", None, 0),
    ("s3", "open", "2026-04-02", None, None),
    ("s4", "won", "2026-04-02", "2026-05-01", 600),
    ("s5", "lost", "2026-04-02", "2026-05-01", 300),
    ("s6", "abandoned", "2026-04-02", "2026-05-01", 1000),
    ("s7", "won", "2026-03-05", "2026-04-05", 90),
]

# kpi-velocity: 50 deals open, one of five decided won, 15,000 after 60 days
VELOCITY = [
    ("id", "outcome", "created_at", "closed_at", "amount"),
    ("w", "won", "2026-01-01", "2026-03-02", 15000),
    *((f"l{n}", "lost", "2026-01-01", "2026-03-02", 7000) for n in range(4)),
    *((f"o{n}", "open", "2026-01-01", None, 9000) for n in range(50)),
]

# of the 365 days until 30 June 2023, and until 30 June 2026, with a day before and after each
GROWTH = [
    ("id", "outcome", "created_at", "closed_at", "amount"),
    ("g1", "won", "2022-01-01", "2022-06-30", 5),
    ("g2", "won", "2022-01-01", "2022-07-01", 600),
    ("g3", "won", "2022-01-01", "2023-06-30", 400),
    ("g4", "won", "2022-01-01", "2023-07-01", 50),
    ("g5", "won", "2022-01-01", "2025-06-30", 70),
    ("g6", "won", "2022-01-01", "2025-07-01", 6000),
    ("g7", "won", "2022-01-01", "2026-06-30", 2000),
    ("g8", "lost", "2022-01-01", "2026-01-01", 999),
]

BUSINESS = {"opportunity": DEALS}
END = {"as_of": "2026-06-30"}
QUARTERS = {"as_of": "2026-06-30", "per": "quarter"}

CASES = [
    # by close date: 1000; 100 + 200 + 600, r4 without an amount (M3)
    ("won_value", BUSINESS, QUARTERS, (1000, 900)),
    ("won_value", BUSINESS, END, 1900),
    ("won_value", {"opportunity": DEALS[:1]}, {}, 0),
    # 900; 90 + 660 + 50: made and expected are apart (M5, E41)
    ("won_value_made", BUSINESS, QUARTERS, (900, 800)),
    # 900 / 1000; r1 and r3 have both: (90 + 660) / (100 + 600)
    ("made_to_expected_ratio", BUSINESS, QUARTERS, (Fraction(900, 1000), Fraction(750, 700))),
    ("lost_value", BUSINESS, QUARTERS, {"2026-Q2": 550}),
    ("unpriced_won_deals", BUSINESS, END, 1),
    ("unpriced_won_deals", BUSINESS, QUARTERS, {"2026-Q2": 1}),
    # 1000; over the three of four that have an amount
    ("mean_won_deal", BUSINESS, QUARTERS, (1000, 300)),
    ("median_won_deal", BUSINESS, QUARTERS, (1000, 200)),
    # on 31 March s1 and s7, on 30 June s1 and s2 (T4, E36)
    ("mean_open_deal", {"opportunity": SIZES}, QUARTERS, (Fraction(400 + 90, 2), Fraction(400 + 0, 2))),
    # by quarter of creation, open or won: s1 s7; s2 s4
    ("mean_deal", {"opportunity": SIZES}, QUARTERS, (Fraction(400 + 90, 2), Fraction(0 + 600, 2))),
    # 31 March r1 r2 r4 r5 r6 r7 open: 6 x 1/1 x 1000 / 40; 30 June: 3 x 4/6 x 300 / mean of 30, 20, 10, 20
    ("sales_velocity", BUSINESS, QUARTERS, (150, 30)),
    # 50 x 0.2 x 15000 / 60 (kpi-velocity)
    ("sales_velocity", {"opportunity": VELOCITY}, {"as_of": "2026-03-31"}, 2500),
    # 1000 / 40; 900 / 20
    ("sales_velocity_closed", BUSINESS, QUARTERS, (25, 45)),
    # from 1000 to 8000 in three years: doubled each year
    ("won_value_cagr_3_years", {"opportunity": GROWTH}, END, 1.0),
    # three years before the end of 2025 are the 605 of 2022, of 70 + 6000; nothing grows from nothing (R2)
    (
        "won_value_cagr_3_years",
        {"opportunity": GROWTH},
        {"as_of": "2026-06-30", "per": "year"},
        (None, None, None, (6070 / 605) ** (1 / 3) - 1, 1.0),
    ),
    ("won_value_cagr_3_years", BUSINESS, END, None),
]
