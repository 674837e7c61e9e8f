"""What the demo says, in the languages that results are labelled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Words", "words"]


class Words(NamedTuple):
    """The sentences of one language; `columns` are short headings by metric, the others have places in braces.

    Args:
        steps: the parts of the scorecard by name: a heading, and what to look at.
        next: what to do next: a command and what it does.
    """

    opening: tuple[str, ...]
    steps: Mapping[str, tuple[str, str]]
    columns: Mapping[str, str]
    keys: Mapping[str, str]
    rejected: str
    left_out: str
    closing: str
    kept: str
    next: tuple[tuple[str, str], ...]


_EN = Words(
    opening=(
        "Atlas is a made-up software company: four teams in four currencies, {deals:,} opportunities, {leads:,} leads and",
        "{activities:,} activities, from {first} to {last}. The rows were generated just now, mistakes included; the",
        "same seed gives the same rows everywhere. They were brought into a SQLite store; what follows is measured on what",
        "it gave back. Amounts are in {currency}.",
    ),
    steps={
        "issues": (
            "What was noticed on the way in",
            "Nothing was repaired, and nothing was dropped without a line here.",
        ),
        "quarters": (
            "The company by quarter",
            "The last quarter is still running. A dash is a number that does not exist, which is not zero (R2).",
        ),
        "teams": (
            "Teams by quarter",
            (
                "A rate is the ratio of the sums, never a mean of rates (R1). Pace compares the quota reached with the time gone;\n"
                "coverage is the open pipeline at the end of the quarter over the quota."
            ),
        ),
        "year": (
            "{period} against the same quarter a year before",
            "The four measures by which surveys of sales tell the best from the rest. Two of them are better when they fall.",
        ),
        "work": (
            "What it takes, {period}",
            (
                "Calls for a lead, contacts for a meeting, visits and calls for a sale, proposals for a sale; hours with customers,\n"
                "and the share of working time that goes into administration."
            ),
        ),
        "sources": (
            "Where customers come from, and what they cost",
            (
                "All months together. A trait ratio above 1 says that the source is more frequent among won deals than lost ones.\n"
                "Sources without a campaign cost nothing here: salaries belong to no source."
            ),
        ),
        "after": (
            "After the sale",
            (
                "Recurring revenue a month; what the customers of a year before pay now over what they paid then,\n"
                "and the share of them that left; days until money comes in, and the share overdue; what customers answer."
            ),
        ),
        "forecasts": (
            "What the teams had forecast, {period}",
            (
                "Attainment is won over forecast, accuracy 1 - |won - forecast| / won; a bias above 0 was too hopeful (F2).\n"
                "Misses of sellers offset each other in a team; the weighted error adds them up seller by seller."
            ),
        ),
        "sample": (
            "How sure one can be: team {team}, {period}",
            "Ten or twenty decided deals say little about a seller. The interval holds the true rate in 95 of 100 cases (R3).",
        ),
        "explain": (
            "Where two of these numbers come from",
            "Ask any number how it came about: what was divided, from which rows, by which rules.",
        ),
        "next": (
            "Try next",
            "The first command writes this company as CSV files; the others read them like any export.",
        ),
    },
    columns={
        "leads_created": "Leads",
        "lead_conversion_rate": "Converted",
        "won_deals": "Won",
        "win_rate": "Win rate",
        "sales_cycle_days": "Cycle, days",
        "won_value": "Won value",
        "organisation_quota_attainment": "Of quota",
        "cac": "CAC",
        "sales_velocity": "Velocity, a day",
        "open_value": "Open value",
        "team_quota_attainment": "Of quota",
        "team_pace_status": "Pace",
        "team_pipeline_coverage_of_target": "Coverage",
        "team_quota_attainment_change_year": "Quota attainment",
        "sales_cycle_days_change_year": "Sales cycle",
        "win_rate_change_year": "Win rate",
        "admin_time_share_change_year": "Admin time",
        "calls_per_lead": "Calls/lead",
        "contacts_per_meeting": "Contacts/meeting",
        "visits_and_calls_per_sale": "Visits+calls/sale",
        "proposals_per_sale": "Proposals/sale",
        "face_time_hours": "Face time, hours",
        "admin_time_share": "Admin time",
        "cost_per_lead": "Cost/lead",
        "cost_per_won_deal": "Cost/won deal",
        "won_trait_ratio": "Trait ratio",
        "mrr": "Recurring",
        "net_revenue_retention_year": "Revenue kept",
        "logo_churn_rate_year": "Left",
        "dso_days": "Days to cash",
        "overdue_share": "Overdue",
        "nps": "NPS",
        "csat": "Satisfied",
        "team_forecast_value": "Forecast",
        "team_forecast_attainment": "Attainment",
        "team_forecast_accuracy": "Accuracy",
        "team_forecast_bias": "Bias",
        "forecast_wape": "Error by seller",
    },
    keys={"team": "Team", "period": "Quarter", "source": "Source", "owner": "Seller", "year": "Year"},
    rejected="{n} rows were rejected, for example: {table} row {row}, {reason}.",
    left_out="Records that count nowhere were left out and counted (O3): {counts}.",
    closing="{rows:,} rows in all, kept, read back and measured here and now.",
    kept="The store is kept: crmcore store stats {file}",
    next=(
        ("crmcore demo --write atlas{arguments}", "write the files into the folder atlas"),
        ("crmcore check --data atlas", "what is odd about them"),
        ("crmcore kpis", "every metric and analysis there is; with a name, its definition"),
        (
            "crmcore scorecard --data atlas --workspace atlas/crmcore.toml --per quarter",
            "all metrics that the files have the inputs for, this quarter beside the last",
        ),
        (
            "crmcore analyse cohort_retention --data atlas --workspace atlas/crmcore.toml",
            "what is more than one number: cohorts, scores, attribution ...",
        ),
        (
            "crmcore measure win_rate won_value --data atlas --workspace atlas/crmcore.toml --by team --per quarter",
            "any of them, by anything",
        ),
        (
            "crmcore explain win_rate --data atlas --workspace atlas/crmcore.toml --by team --group team=Berlin",
            "where a number comes from",
        ),
    ),
)

_ZH = Words(
    opening=(
        "Atlas 是一家虚构的软件公司：四个团队、四种货币，{deals:,} 个商机、{leads:,} 条线索、{activities:,} 项活动，",
        "时间从 {first} 到 {last}。数据行刚刚生成，带有真实导出文件常见的错误；相同的种子在任何机器上得到相同的数据。",
        "数据已写入 SQLite 存储；以下数字都由从中读回的数据计算得出，金额以 {currency} 计。",
    ),
    steps={
        "issues": ("读入时发现的问题", "没有任何数据被悄悄修改；凡被剔除的行，这里都有记录。"),
        "quarters": ("全公司，按季度", "最后一个季度尚未结束。短横线表示该数字不存在，而不是零（R2）。"),
        "teams": (
            "各团队，按季度",
            "比率是合计之比，不是比率的平均（R1）。进度把配额完成程度与已过去的时间相比；\n覆盖率是季度末的在手管道除以配额。",
        ),
        "year": ("{period} 与上年同季度相比", "销售调研用这四项指标区分最佳团队与其他团队。其中两项下降更好。"),
        "work": (
            "投入产出比，{period}",
            "每条线索的通话数、每次会议的联系次数、每单的拜访与通话数、每单的方案数；\n与客户面谈的小时数，以及行政事务占工作时间的比例。",
        ),
        "sources": (
            "客户从哪里来，花费多少",
            "全部月份合计。特征比大于 1 表示该来源在赢单中比在输单中更常见。\n没有市场活动的来源在这里没有成本：工资不属于任何来源。",
        ),
        "after": (
            "成交之后",
            "月度经常性收入；一年前的客户现在的付费与当时之比，以及其中流失的占比；\n应收账款周转天数和逾期占比；客户在调查中的回答。",
        ),
        "forecasts": (
            "各团队的预测，{period}",
            "达成率为赢单除以预测，准确率为1-|赢单-预测|/赢单，偏差大于零表示预测过高（F2）。\n销售之间的误差在团队合计中相互抵消；加权误差则逐个销售累加。",
        ),
        "sample": (
            "数字有多可靠：{team} 团队，{period}",
            "一二十个已决出的商机说明不了一位销售的水平。区间在 100 次中有 95 次包含真实比率（R3）。",
        ),
        "explain": ("其中两个数字的由来", "任何数字都可以追问：用什么除以什么，来自哪些行，依据哪些规则。"),
        "next": ("接下来可以试试", "第一条命令把这家公司写成 CSV 文件；其余命令像读取任何导出文件一样读取它们。"),
    },
    columns={
        "leads_created": "线索",
        "lead_conversion_rate": "转化率",
        "won_deals": "赢单",
        "win_rate": "赢率",
        "sales_cycle_days": "周期（天）",
        "won_value": "赢单金额",
        "organisation_quota_attainment": "配额达成",
        "cac": "获客成本",
        "sales_velocity": "销售速度（每天）",
        "open_value": "在手金额",
        "team_quota_attainment": "配额达成",
        "team_pace_status": "进度",
        "team_pipeline_coverage_of_target": "覆盖率",
        "team_quota_attainment_change_year": "配额达成率",
        "sales_cycle_days_change_year": "销售周期",
        "win_rate_change_year": "赢率",
        "admin_time_share_change_year": "行政时间占比",
        "calls_per_lead": "通话/线索",
        "contacts_per_meeting": "联系/会议",
        "visits_and_calls_per_sale": "拜访与通话/单",
        "proposals_per_sale": "方案/单",
        "face_time_hours": "面谈（小时）",
        "admin_time_share": "行政时间占比",
        "cost_per_lead": "成本/线索",
        "cost_per_won_deal": "成本/赢单",
        "won_trait_ratio": "特征比",
        "mrr": "经常性收入",
        "net_revenue_retention_year": "收入留存",
        "logo_churn_rate_year": "客户流失",
        "dso_days": "周转天数",
        "overdue_share": "逾期占比",
        "nps": "NPS",
        "csat": "满意度",
        "team_forecast_value": "预测",
        "team_forecast_attainment": "达成率",
        "team_forecast_accuracy": "准确率",
        "team_forecast_bias": "偏差",
        "forecast_wape": "误差（按销售）",
    },
    keys={"team": "团队", "period": "季度", "source": "来源", "owner": "销售", "year": "年度"},
    rejected="拒收 {n} 行，例如：{table} 第 {row} 行，{reason}。",
    left_out="不应计入的记录已剔除并计数（O3）：{counts}。",
    closing="以上数字由 {rows:,} 行数据计算得出。",
    kept="存储文件已保留：crmcore store stats {file}",
    next=(
        ("crmcore demo --write atlas{arguments}", "把文件写入文件夹 atlas"),
        ("crmcore check --data atlas", "数据有哪些问题"),
        ("crmcore kpis", "列出全部指标和分析；加上名称则显示其定义"),
        (
            "crmcore scorecard --data atlas --workspace atlas/crmcore.toml --per quarter",
            "计算文件支持的全部指标，本季度与上季度并列",
        ),
        (
            "crmcore analyse cohort_retention --data atlas --workspace atlas/crmcore.toml",
            "不止一个数字的分析：同期群、评分、归因等",
        ),
        (
            "crmcore measure win_rate won_value --data atlas --workspace atlas/crmcore.toml --by team --per quarter",
            "按任意维度计算任意指标",
        ),
        (
            "crmcore explain win_rate --data atlas --workspace atlas/crmcore.toml --by team --group team=Berlin",
            "查看数字的由来",
        ),
    ),
)

_LANGUAGES = {"en": _EN, "zh": _ZH}


def words(language: str) -> Words:
    """Return the sentences of a language, in English where there are none."""
    return _LANGUAGES.get(language, _EN)
