"""Experience: the buckets of a published example, and answers and silence of two months."""

from fractions import Fraction

# nps-buckets: 6 is a detractor, 7 and 8 are passive, 9 is a promoter; 4 promoters, 3 passives, 3 detractors
BUCKETS = {
    "response": [("kind", "score", "at"), *(("nps", s, "2026-03-02") for s in (0, 3, 6, 7, 8, 8, 9, 10, 10, 10))]
}
CSAT_BUCKETS = {"response": [("kind", "score", "at"), *(("csat", s, "2026-03-02") for s in (5, 4, 4, 3, 2, 5, 1))]}
CES_BUCKETS = {"response": [("kind", "score", "at"), *(("ces", s, "2026-03-02") for s in (7, 6, 5, 7))]}

# of nps: in February a promoter, a passive and one who does not answer; in March two detractors and a promoter
MIXED = {
    "response": [
        ("kind", "score", "at"),
        ("nps", 9, "2026-02-02"),
        ("nps", 8, "2026-02-03"),
        ("nps", None, "2026-02-04"),
        ("csat", 4, "2026-02-05"),
        ("csat", None, "2026-02-28"),
        ("nps", 0, "2026-03-01"),
        ("nps", 6, "2026-03-02"),
        ("nps", 10, "2026-03-31"),
        ("csat", 3, "2026-03-04"),
        ("ces", 6, "2026-03-05"),
    ]
}
# a detractor in each month, and a promoter in the second
WAVES = {
    "response": [
        ("kind", "score", "at"),
        ("nps", 3, "2026-02-02"),
        ("nps", 7, "2026-02-03"),
        ("nps", 9, "2026-03-01"),
        ("nps", 2, "2026-03-02"),
        ("nps", 8, "2026-03-03"),
        ("nps", 9, "2026-03-03"),
        ("nps", None, "2026-03-04"),
        ("csat", 9, "2026-03-04"),
        # off the scale: no answers to this question
        ("nps", 11, "2026-03-04"),
        ("nps", -1, "2026-03-04"),
    ]
}
EFFORT = {
    "response": [
        ("kind", "score", "at"),
        ("ces", 7, "2026-02-02"),
        ("ces", 5, "2026-03-02"),
        ("ces", 4, "2026-03-03"),
        ("ces", None, "2026-03-04"),
    ]
}
MONTHS = {"as_of": "2026-03-31", "per": "month"}


def months(february, march):
    """Return what is expected of the two months."""
    return {"2026-02": february, "2026-03": march}


CASES = [
    ("nps", BUCKETS, {}, 10),
    ("nps", MIXED, MONTHS, months(50, Fraction(100 * (1 - 2), 3))),
    # the score of all is that of all answers, not the mean of the months' scores (R1, E35)
    ("nps", MIXED, {}, Fraction(100 * (2 - 2), 5)),
    ("nps", WAVES, MONTHS, months(-50, 25)),
    ("nps_answers", MIXED, MONTHS, months(2, 3)),
    ("nps_answers", WAVES, MONTHS, months(2, 4)),
    ("nps_promoters_share", BUCKETS, {}, Fraction(4, 10)),
    ("nps_promoters_share", MIXED, MONTHS, months(Fraction(1, 2), Fraction(1, 3))),
    ("nps_promoters_share", WAVES, MONTHS, months(0, Fraction(2, 4))),
    ("nps_passives_share", BUCKETS, {}, Fraction(3, 10)),
    ("nps_passives_share", MIXED, MONTHS, months(Fraction(1, 2), 0)),
    ("nps_passives_share", WAVES, MONTHS, months(Fraction(1, 2), Fraction(1, 4))),
    # a seven of another question is no passive
    (
        "nps_passives_share",
        {"response": [("kind", "score", "at"), ("nps", 7, "2026-03-02"), ("ces", 7, "2026-03-02")]},
        {},
        1,
    ),
    ("nps_detractors_share", BUCKETS, {}, Fraction(3, 10)),
    ("nps_detractors_share", MIXED, MONTHS, months(0, Fraction(2, 3))),
    ("nps_detractors_share", WAVES, MONTHS, months(Fraction(1, 2), Fraction(1, 4))),
    # nps-buckets: 5, 4, 4 and 5 of seven answers
    ("csat", CSAT_BUCKETS, {}, Fraction(4, 7)),
    ("csat", MIXED, MONTHS, months(1, 0)),
    ("csat_mean", CSAT_BUCKETS, {}, Fraction(24, 7)),
    ("csat_mean", MIXED, MONTHS, months(4, 3)),
    ("ces", CES_BUCKETS, {}, Fraction(25, 4)),
    ("ces", MIXED, MONTHS, {"2026-03": 6}),
    ("ces", EFFORT, MONTHS, months(7, Fraction(9, 2))),
    # a question without an answer counts below only (M3)
    ("survey_response_rate", MIXED, MONTHS, months(Fraction(3, 5), 1)),
]
