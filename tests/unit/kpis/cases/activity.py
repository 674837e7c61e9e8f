"""Activities of two months: ten records that stand for seventeen pieces of work, three leads, two sales."""

from datetime import timedelta
from fractions import Fraction

# v2 stands for five calls that were only counted; v6 and v10 do not say and stand for one; v9 still has time
WORK = [
    ("id", "kind", "at", "due", "done", "duration", "quantity", "owner", "opportunity"),
    ("v1", "call", "2026-03-02", "2026-03-02", "2026-03-02", timedelta(minutes=30), 1, "anna", "d1"),
    ("v2", "call", "2026-02-26", "2026-03-03", "2026-02-26", timedelta(hours=1), 5, "cora", "d3"),
    ("v3", "email", "2026-03-04", None, "2026-03-04", None, 1, "ben", "d1"),
    ("v4", "meeting", "2026-02-27", "2026-03-05", "2026-03-06", timedelta(hours=1, minutes=30), 3, "anna", "d2"),
    ("v5", "visit", "2026-03-10", "2026-02-28", "2026-03-10", timedelta(hours=2, minutes=30), 2, "ben", "d1"),
    ("v6", "proposal", "2026-02-12", None, "2026-02-12", timedelta(hours=1), None, "ben", "d2"),
    ("v7", "administration", "2026-02-13", None, "2026-02-13", timedelta(hours=2), 1, "anna", None),
    ("v8", "task", "2026-03-20", "2026-03-20", None, None, 1, None, None),
    ("v9", "task", "2026-03-25", "2026-03-31", None, None, 1, "ben", None),
    ("v10", "meeting", "2026-03-30", "2026-04-02", "2026-03-30", None, None, "ben", None),
]
LEADS = [
    ("id", "created_at", "converted", "converted_at"),
    ("l1", "2026-02-20", True, "2026-02-25"),
    ("l2", "2026-02-28", True, "2026-03-09"),
    ("l3", "2026-03-03", False, None),
]
DEALS = [
    ("id", "outcome", "created_at", "closed_at"),
    ("d1", "won", "2026-02-01", "2026-02-15"),
    ("d2", "won", "2026-02-01", "2026-03-20"),
    ("d3", "lost", "2026-02-01", "2026-03-20"),
]
BUSINESS = {"activity": WORK, "lead": LEADS, "opportunity": DEALS}
# dan works here no more; cora has planned and not done; g4 was for February and done in March
SELLERS = [("id", "active"), ("anna", True), ("ben", True), ("cora", True), ("dan", False)]
RECORDED = [
    ("id", "kind", "at", "done", "owner"),
    ("g1", "call", "2026-02-10", "2026-02-10", "anna"),
    ("g2", "call", "2026-02-12", "2026-02-12", "anna"),
    ("g3", "call", "2026-02-13", "2026-02-13", "dan"),
    ("g4", "task", "2026-02-27", "2026-03-02", "ben"),
    ("g5", "call", "2026-03-05", "2026-03-05", "anna"),
    ("g6", "meeting", "2026-03-06", None, "cora"),
    ("g7", "task", "2026-03-07", "2026-03-07", None),
]
END = {"as_of": "2026-03-31"}
MONTHS = {"as_of": "2026-03-31", "per": "month"}


def months(february, march):
    """Return what is expected of the two months."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    # v2 5, v4 3, v6, v7; v1, v3, v5 2, v8, v9, v10
    ("activities", BUSINESS, MONTHS, months(10, 7)),
    ("activities", BUSINESS, END, 17),
    ("calls", BUSINESS, MONTHS, months(5, 1)),
    ("contacts_made", BUSINESS, MONTHS, months(5, 2)),
    ("meetings", BUSINESS, MONTHS, months(3, 1)),
    ("visits", BUSINESS, MONTHS, {"2026-03": 2}),
    ("proposals", BUSINESS, MONTHS, {"2026-02": 1}),
    # five over l1 l2, one over l3
    ("calls_per_lead", BUSINESS, MONTHS, months(Fraction(5, 2), 1)),
    # five over l1, one over l2
    ("calls_per_converted_lead", BUSINESS, MONTHS, months(5, 1)),
    ("calls_per_converted_lead", BUSINESS, END, 3),
    # five for three, two for one
    ("contacts_per_meeting", BUSINESS, MONTHS, months(Fraction(5, 3), 2)),
    # five calls for d1; two visits and a call for d2
    ("visits_and_calls_per_sale", BUSINESS, MONTHS, months(5, 3)),
    ("visits_and_calls_per_sale", BUSINESS, END, 4),
    ("proposals_per_sale", BUSINESS, MONTHS, months(1, 0)),
    ("proposals_per_sale", BUSINESS, END, Fraction(1, 2)),
    # v2 for d3, v4 v6 for d2; v1 v3 v5 for d1
    ("activities_per_deal", BUSINESS, MONTHS, months(Fraction(5 + 3 + 1, 2), 1 + 1 + 2)),
    # v2 of cora, v4 v7 of anna, v6 of ben; v1 of anna, v3 v5 v9 v10 of ben; v8 is nobody's
    ("activities_per_seller", BUSINESS, MONTHS, months(Fraction(10, 3), Fraction(6, 2))),
    # anna 1 + 3 + 1, ben 1 + 2 + 1 + 1 + 1, cora 5; undefined where there is no seller (R1, R2, E35)
    ("activities_per_seller", BUSINESS, {**END, "by": ["owner"]}, (5, 6, 5, None)),
    # hours count once each; v10 has none
    ("face_time_hours", BUSINESS, MONTHS, months(Fraction(3, 2), Fraction(5, 2))),
    # 2 of 1 + 1.5 + 1 + 2 hours; none of 3
    ("admin_time_share", BUSINESS, MONTHS, months(Fraction(4, 11), 0)),
    # due in February v5, late; in March v1 v2 on time, v4 late, v8 overdue, while v9 has its last day still, and April's v10,
    # done before, still has time (R5)
    ("on_time_rate", BUSINESS, MONTHS, months(0, Fraction(2, 4))),
    ("on_time_rate", BUSINESS, END, Fraction(2, 5)),
    # on time in January, late in February
    (
        "on_time_rate",
        {
            "activity": [
                ("kind", "at", "due", "done"),
                ("visit", "2026-01-02", "2026-01-05", "2026-01-05"),
                ("visit", "2026-02-02", "2026-02-05", "2026-02-06"),
            ]
        },
        MONTHS,
        {"2026-01": 1, "2026-02": 0},
    ),
    # at the end of February nothing was overdue, v4 due later; in March v8
    ("overdue_activities", BUSINESS, MONTHS, months(0, 1)),
    # on 5 March v4 was not done, and its day not yet over; on 30 March v8 was overdue, v9 not
    ("overdue_activities", BUSINESS, {"as_of": "2026-03-05"}, 0),
    ("overdue_activities", BUSINESS, {"as_of": "2026-03-30"}, 1),
    # anna of the three who are active; anna and ben
    ("tool_adoption", {"activity": RECORDED, "seller": SELLERS}, MONTHS, months(Fraction(1, 3), Fraction(2, 3))),
]
