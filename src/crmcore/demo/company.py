"""The company: its teams, sellers, pipelines, products, campaigns and exchange rates. Written by hand, none of it random."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

__all__ = [
    "CAMPAIGNS",
    "CRM_SINCE",
    "CURRENCY",
    "LAST_DAY",
    "LOST_REASONS",
    "PIPELINES",
    "PRODUCTS",
    "QUARTERS",
    "RATES",
    "SELLERS",
    "SOURCES",
    "TEAMS",
    "Campaign",
    "PipelineOf",
    "Product",
    "SellerOf",
    "Source",
    "StageOf",
    "TeamOf",
]

CRM_SINCE = date(2024, 1, 1)
"""The first day with records: a quarter before the two years, so that these begin with a pipeline."""
LAST_DAY = date(2026, 5, 29)
"""The day on which the export was made."""
QUARTERS = tuple(date(2024 + q // 4, 1 + q % 4 * 3, 1) for q in range(1, 11))
"""First days of the eight quarters and of the running one, and the first day after them."""
CURRENCY = "EUR"


class TeamOf(NamedTuple):
    """A team: share of the deals, currency of its amounts, offset of its working day from UTC, and its drift.

    `cycle` and `size` scale the length of cycles and the amounts, in per cent; `drift` is what two years add to the
    chance to win, in 1/10,000.
    """

    name: str
    region: str
    currency: str
    share: int
    offset_hours: int
    cycle: int
    size: int
    drift: int


TEAMS = (
    TeamOf("Berlin", "EMEA", "EUR", 32, 1, 100, 110, 700),
    TeamOf("London", "EMEA", "GBP", 22, 0, 118, 95, -600),
    TeamOf("Shanghai", "APAC", "CNY", 24, 8, 82, 80, 400),
    TeamOf("Boston", "AMER", "USD", 22, -5, 104, 120, 100),
)


class SellerOf(NamedTuple):
    """A seller: what they add to the chance to win (1/10,000), how many deals they take on, when they came and went."""

    name: str
    team: int
    skill: int
    pull: int
    hired: date
    left: date | None = None


SELLERS = (
    SellerOf("Anna Schmidt", 0, 500, 12, date(2019, 2, 1)),
    SellerOf("Jonas Müller", 0, 150, 11, date(2021, 9, 1)),
    SellerOf("Katharina Weiß", 0, -250, 10, date(2022, 5, 16)),
    SellerOf("Lukas Brückner", 0, -600, 9, date(2020, 1, 15), date(2025, 5, 1)),
    SellerOf("Miriam Köhler", 0, 850, 9, date(2023, 11, 1)),
    SellerOf("Felix Groß", 0, -350, 8, date(2025, 6, 1)),
    SellerOf("Oliver Hughes", 1, 200, 12, date(2018, 4, 9)),
    SellerOf("Priya Patel", 1, 600, 11, date(2021, 1, 11)),
    SellerOf("Emma Clarke", 1, -400, 9, date(2022, 8, 1)),
    SellerOf("George Walsh", 1, -200, 9, date(2019, 6, 3), date(2025, 10, 1)),
    SellerOf("Sophie Turner", 1, 0, 7, date(2025, 11, 3)),
    SellerOf("王芳", 2, 700, 12, date(2020, 3, 2)),
    SellerOf("李伟", 2, 100, 11, date(2021, 5, 10)),
    SellerOf("张敏", 2, -300, 10, date(2022, 10, 8)),
    SellerOf("刘洋", 2, -550, 8, date(2023, 2, 6), date(2026, 2, 1)),
    SellerOf("陈静", 2, 350, 9, date(2024, 9, 2)),
    SellerOf("赵磊", 2, -150, 6, date(2026, 1, 5)),
    SellerOf("Maria Garcia", 3, 450, 12, date(2019, 10, 1)),
    SellerOf("James Wilson", 3, -100, 10, date(2020, 7, 6)),
    SellerOf("Ashley Brooks", 3, 250, 10, date(2022, 1, 10)),
    SellerOf("Daniel Kim", 3, -500, 9, date(2023, 4, 3)),
    SellerOf("Rachel Cohen", 3, 100, 7, date(2025, 3, 3)),
)


class StageOf(NamedTuple):
    """A stage: probability in per cent, its kind, and how many of the open deals stand in it."""

    id: str
    name: str
    kind: str
    probability: int
    weight: int = 0


class PipelineOf(NamedTuple):
    """A pipeline: share of the deals, chance to win a decided one (1/10,000), cycles in days and amounts by quantile."""

    id: str
    name: str
    kind: str
    share: int
    wins: int
    days: tuple[int, ...]
    amounts: tuple[int, ...]
    stages: tuple[StageOf, ...]


PIPELINES = (
    PipelineOf(
        "new-business",
        "New business",
        "new",
        62,
        3000,
        (2, 18, 29, 39, 48, 58, 69, 83, 103, 138, 240),
        (600, 2600, 4700, 7000, 9800, 13500, 18500, 26000, 38000, 62000, 260000),
        (
            StageOf("qualification", "Qualification", "open", 10, 30),
            StageOf("discovery", "Discovery", "open", 25, 30),
            StageOf("proposal", "Proposal", "open", 50, 24),
            StageOf("negotiation", "Negotiation", "open", 75, 16),
            StageOf("won", "Won", "won", 100),
            StageOf("lost", "Lost", "lost", 0),
        ),
    ),
    PipelineOf(
        "expansion",
        "Expansion",
        "upsell",
        25,
        4900,
        (0, 6, 11, 16, 21, 27, 34, 43, 56, 78, 160),
        (200, 900, 1700, 2700, 3900, 5400, 7400, 10200, 15000, 24000, 90000),
        (
            StageOf("identified", "Identified", "open", 20, 45),
            StageOf("offered", "Offered", "open", 55, 35),
            StageOf("agreed", "Agreed", "open", 85, 20),
            StageOf("expansion-won", "Won", "won", 100),
            StageOf("expansion-lost", "Lost", "lost", 0),
        ),
    ),
    PipelineOf(
        "renewal",
        "Renewal",
        "renewal",
        13,
        8000,
        (3, 16, 25, 33, 40, 46, 53, 61, 71, 86, 130),
        (500, 1800, 3200, 4900, 7000, 9600, 13000, 17500, 25000, 39000, 120000),
        (
            StageOf("upcoming", "Upcoming", "open", 70, 60),
            StageOf("quoted", "Quoted", "open", 85, 40),
            StageOf("renewed", "Renewed", "won", 100),
            StageOf("ended", "Ended", "lost", 0),
        ),
    ),
)

LOST_REASONS = (
    ("price", 27),
    ("competitor", 22),
    ("no budget", 16),
    ("no decision", 15),
    ("missing feature", 9),
    ("timing", 7),
    (None, 12),
)


class Product(NamedTuple):
    """A product with its list price in euros."""

    id: str
    name: str
    family: str
    price: int
    weight: int


PRODUCTS = (
    Product("CORE", "Atlas Core", "platform", 4800, 40),
    Product("FORECAST", "Atlas Forecast", "add-on", 2400, 18),
    Product("SERVICE", "Atlas Service", "platform", 3600, 17),
    Product("MOBILE", "Atlas Mobile", "add-on", 900, 13),
    Product("ONBOARDING", "Onboarding", "services", 1500, 8),
    Product("SUPPORT", "Premium support", "services", 1200, 4),
)


class Source(NamedTuple):
    """A source of leads: how many leads come from it that convert and that do not, and what it adds to the chance to win."""

    name: str
    converting: int
    other: int
    skill: int


SOURCES = (
    Source("website", 27, 27, 0),
    Source("referral", 19, 6, 900),
    Source("trade fair", 13, 15, 200),
    Source("partner", 15, 9, 500),
    Source("outbound", 15, 22, -500),
    Source("advertising", 11, 21, -700),
)


class Campaign(NamedTuple):
    """A campaign of one source: monthly spend in its currency for 5,000 opportunities, first day and first day after."""

    id: str
    name: str
    source: str
    channel: str
    spend: int
    currency: str
    start: date
    end: date


CAMPAIGNS = (
    Campaign("SEARCH", "Search ads", "advertising", "search", 21000, "EUR", date(2024, 1, 1), date(2026, 7, 1)),
    Campaign("SOCIAL", "Social ads", "advertising", "social", 12500, "USD", date(2024, 6, 1), date(2026, 4, 1)),
    Campaign("CONTENT", "White papers", "website", "content", 8000, "EUR", date(2024, 1, 1), date(2026, 7, 1)),
    Campaign("WEBINAR", "Webinar series", "website", "webinar", 5500, "GBP", date(2024, 9, 1), date(2026, 7, 1)),
    Campaign("FAIR-24", "Hannover 2024", "trade fair", "event", 34000, "EUR", date(2024, 4, 1), date(2024, 7, 1)),
    Campaign("FAIR-25", "Hannover 2025", "trade fair", "event", 38000, "EUR", date(2025, 3, 1), date(2025, 6, 1)),
    Campaign("FAIR-26", "上海工博会", "trade fair", "event", 260000, "CNY", date(2025, 9, 1), date(2025, 12, 1)),
    Campaign("REFER", "Customers recommend", "referral", "programme", 3000, "EUR", date(2024, 10, 1), date(2026, 7, 1)),
    Campaign("PARTNER", "Partner programme", "partner", "programme", 9000, "USD", date(2024, 1, 1), date(2026, 7, 1)),
)

RATES = {
    "GBP": ("1.17", "1.17", "1.18", "1.20", "1.19", "1.17", "1.16", "1.15", "1.15", "1.16"),
    "CNY": ("0.128", "0.129", "0.128", "0.131", "0.128", "0.123", "0.120", "0.120", "0.121", "0.122"),
    "USD": ("0.921", "0.929", "0.925", "0.938", "0.949", "0.884", "0.857", "0.861", "0.866", "0.872"),
}
"""Euros for one unit, quarter by quarter from the first quarter of 2024 on."""
