"""Benchmark: the figures that surveys of sales organisations published, and where one's own stand among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..errors import NotFoundError
from ..state.listing import Fact, Heading, Listing, Values
from .tiers import TIERS

if TYPE_CHECKING:
    from .view import View

__all__ = ["PUBLISHED", "Published", "benchmark", "nearest", "published"]


@attrs.frozen(slots=True)
class Published:
    """One figure of a survey: a ratio for each group of firms; None where it is not published.

    Args:
        name: snake_case.
        labels: what it is, by language.
        best: best-in-class firms.
        average: average firms.
        laggard: laggards.
        everyone: all firms together.
        year: of the survey, where the source names it.
        firms: how many took part.
        source: where it is from.
        metric: what measures it in an organisation; None for the practices of a firm.
    """

    name: str
    labels: Mapping[str, str]
    best: float | None = None
    average: float | None = None
    laggard: float | None = None
    everyone: float | None = None
    year: int | None = attrs.field(default=None, kw_only=True)
    firms: int | None = attrs.field(default=None, kw_only=True)
    source: str = attrs.field(default="article A0 (Aberdeen)", kw_only=True)
    metric: str | None = attrs.field(default=None, kw_only=True)


def _practice(
    name: str, en: str, zh: str, best: float | None = None, average: float | None = None, laggard: float | None = None
) -> Published:
    return Published(name, {"en": en, "zh": zh}, best, average, laggard, firms=218)


_ATTAINMENT = {"en": "Team quota attainment", "zh": "团队配额达成率"}
PUBLISHED = (
    Published(
        "team_quota_attainment", _ATTAINMENT, 1.06, 0.76, 0.22, year=2010, firms=531, source="C02 (Aberdeen)",
        metric="team_quota_attainment.trailing(365)",
    ),
    Published(
        "team_quota_attainment", _ATTAINMENT, 0.92, 0.56, 0.13, year=2012, firms=295, source="C02 (Aberdeen)",
        metric="team_quota_attainment.trailing(365)",
    ),
    Published(
        "deal_size_change", {"en": "Change of the mean deal over the year before", "zh": "平均单额同比变化"},
        0.053, 0.002, -0.029, year=2010, firms=531, source="C02 (Aberdeen)",
        metric="mean_won_deal.trailing(365).change(year)",
    ),
    Published(
        "top_sellers_share", {"en": "Share of sales that the best fifth of the sellers bring", "zh": "前20%销售人员业绩占比"},
        everyone=0.8, source="article A2", metric="top_sellers_share.trailing(365)",
    ),
    _practice("sales_contribution_grew", "Firms whose sales contribution grows yearly", "销售贡献逐年增长的企业", 0.65, None, 0.11),
    _practice("channel_time_fell", "Firms whose time in the sales channel fell", "销售渠道时间缩短的企业", 0.59, 0.09, 0.04),
    _practice("documented_process", "Firms with a documented sales process", "有成文销售流程的企业", 0.85),
    _practice("metrics_defined", "Firms that define metrics of sales effectiveness", "定义销售效能指标的企业", 0.76, 0.45),
    _practice("executive_support", "Firms whose executives support the tools", "高管支持工具的企业", 0.63),
    _practice("training", "Firms that train their sellers", "开展销售培训的企业", 0.53),
    _practice("measured_daily", "Firms that measure daily or in real time", "每日或实时衡量的企业", 0.30, 0.16),
    _practice("measured_less_than_monthly", "Firms that measure less often than monthly", "衡量间隔超过一个月的企业", None, 0.24),
    _practice("team_selling", "Firms that sell in teams", "采用团队销售的企业", 0.56, 0.43),
    _practice("data_integrated", "Firms with one integrated view of the customer", "客户数据整合的企业", 0.42, None, 0.28),
)  # fmt: skip
"""Aberdeen's surveys as the articles and the dictionary report them, and the old rule of 80 and 20."""

_FIGURE = Heading("figure", "label", {"en": "Figure", "zh": "指标"})
_GROUPS = (
    Heading("best_in_class", "ratio", {"en": "Best in class", "zh": "领先者"}),
    Heading("average", "ratio", {"en": "Average", "zh": "中等"}),
    Heading("laggard", "ratio", {"en": "Laggards", "zh": "落后者"}),
    Heading("everyone", "ratio", {"en": "All firms", "zh": "全部企业"}),
)
_YEAR = Heading("year", "label", {"en": "Year", "zh": "年份"})
_FIRMS = Heading("firms", "count", {"en": "Firms", "zh": "企业数"})
_SOURCE = Heading("source", "label", {"en": "Source", "zh": "来源"})
_OWN = Heading("own", "ratio", {"en": "Own", "zh": "本组织"})
_NEAREST = Heading("nearest", "label", {"en": "Nearest to", "zh": "最接近"})
_LACKS = Heading("lacks", "label", {"en": "Why there is none", "zh": "缺失原因"})


def published() -> Listing:
    """Return the published figures, one row per figure and survey.

    Returns: ratios for best-in-class, average and laggard firms and for all of them; None where not published.

    Source: C02; articles A0, A2.
    """
    return Listing([(_FIGURE, [f.name for f in PUBLISHED]), *_columns()])


def benchmark(view: View) -> Listing:
    """Put the organisation's own number beside each published figure that can be measured, and name the nearest group.

    Own numbers are those of the 365 days up to as_of: attainment of the quotas of teams, change of the mean won deal
    against the 365 days up to the same day a year earlier, share of the best fifth of the sellers.

    Args:
        view: the more tables it has, the more figures have a number of one's own.

    Returns: one row per figure and survey; `nearest` is the group whose figure is nearest, of two equally near ones the
        worse, empty where there is none; `lacks` says why there is no number of one's own, and is empty where there is one.

    Undefined when: a table or column is missing, nothing is dated, or the metric itself is undefined.

    Rules: R1, R2, T6, M8.

    Source: C02; articles A0, A2.
    """
    found = {m: _measured(view, m) for m in dict.fromkeys(f.metric for f in PUBLISHED)}
    own = [found[f.metric][0] for f in PUBLISHED]
    columns: list[tuple[Heading, Values]] = [
        (_FIGURE, [f.name for f in PUBLISHED]),
        (_OWN, np.array([np.nan if v is None else v for v in own])),
        (_NEAREST, ["" if v is None else nearest(v, f) or "" for v, f in zip(own, PUBLISHED, strict=True)]),
        *_columns(),
        (_LACKS, [found[f.metric][1] for f in PUBLISHED]),
    ]
    note = {
        "en": "Own numbers are those of the last 365 days; published ones are means or shares of the firms of a group.",
        "zh": "本组织数字为最近365天；公布数字为各组企业的均值或占比。",
    }
    count = sum(v is not None for v in own)
    return Listing(
        columns,
        facts=[Fact("measured", count, "count", {"en": "Figures measured", "zh": "已衡量指标数"})],
        notes=[note],
    )


def nearest(value: float, figure: Published) -> str | None:
    """Return the group whose published figure is nearest, of two equally near ones the worse; None where none has one."""
    groups = zip(TIERS, (figure.best, figure.average, figure.laggard), strict=True)
    near = [(abs(value - there), -i, name) for i, (name, there) in enumerate(groups) if there is not None]
    return min(near)[2] if near else None


def _columns() -> list[tuple[Heading, Values]]:
    values = [(f.best, f.average, f.laggard, f.everyone) for f in PUBLISHED]
    return [
        *((h, np.array([np.nan if v[i] is None else v[i] for v in values], np.float64)) for i, h in enumerate(_GROUPS)),
        (_YEAR, ["" if f.year is None else str(f.year) for f in PUBLISHED]),
        (_FIRMS, [f.firms for f in PUBLISHED]),
        (_SOURCE, [f.source for f in PUBLISHED]),
    ]


def _measured(view: View, metric: str | None) -> tuple[float | None, str]:
    """Return the organisation's own number, or why there is none."""
    if metric is None:
        return None, "a practice of the firm"
    if view.scope.as_of is None:
        return None, "nothing is dated"
    try:
        result = view.measure(metric)
    except NotFoundError as error:
        return None, str(error)
    measured = result[result.names[0]]
    why = measured.reason(0)
    return (float(measured.values[0]), "") if why is None else (None, why)
