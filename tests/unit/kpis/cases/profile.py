"""What won customers have in common: eight decided deals, of two kinds."""

from fractions import Fraction

from crmcore.algebra import col
from crmcore.kpis import won_trait_lift_of, won_trait_ratio_of

# existing: one won, three lost; new: three won, one lost; three of them in March; the open one is not decided
DEALS = [
    ("id", "outcome", "kind", "created_at", "closed_at"),
    ("t1", "won", "existing", "2025-12-01", "2026-02-01"),
    ("t2", "lost", "existing", "2025-12-01", "2026-02-01"),
    ("t3", "lost", "existing", "2025-12-01", "2026-03-01"),
    ("t4", "lost", "existing", "2025-12-01", "2026-03-01"),
    ("t5", "won", "new", "2025-12-01", "2026-02-01"),
    ("t6", "won", "new", "2025-12-01", "2026-02-01"),
    ("t7", "won", "new", "2025-12-01", "2026-03-01"),
    ("t8", "lost", "new", "2025-12-01", "2026-02-01"),
    ("t9", "open", "new", "2025-12-01", None),
]
BUSINESS = {"opportunity": DEALS}
NEW = col("kind") == "new"
BY_MONTH = {"per": "month", "by": ["kind"]}

CASES = [
    # existing (1/4) / (3/4), new (3/4) / (1/4)
    ("won_trait_ratio", BUSINESS, {"by": ["kind"]}, (Fraction(1, 3), 3)),
    # existing (1/3) / (1/2), 0 / (2/2); new (2/3) / (1/2), (1/1) / 0, undefined (R2)
    ("won_trait_ratio", BUSINESS, BY_MONTH, (2 / 3, 0, 4 / 3, None)),
    # existing (1/4) / (4/8), new (3/4) / (4/8)
    ("won_trait_lift", BUSINESS, {"by": ["kind"]}, (Fraction(1, 2), Fraction(3, 2))),
    # existing (1/3) / (2/5), 0 / (2/3); new (2/3) / (3/5), (1/1) / (1/3)
    ("won_trait_lift", BUSINESS, BY_MONTH, (5 / 6, 0, 10 / 9, 3.0)),
    # the same from a condition
    (won_trait_ratio_of("new_business", NEW), BUSINESS, {}, 3),
    (won_trait_lift_of("new_business", NEW), BUSINESS, {}, Fraction(3, 2)),
    # nothing lost has the trait: undefined (R2)
    (won_trait_ratio_of("late", col("closed_at").is_null()), BUSINESS, {}, None),
]
