"""Layout 1: the typed columns of the state tables of format 1, as they were when it was made.

Frozen: a field that the domain gains later is kept as one of the host's own until a migration gives it a column.
"""

from __future__ import annotations

__all__ = ["FIELDS"]

FIELDS: dict[str, dict[str, str]] = {
    "lead": {
        "text": "name",
        "moment": "created_at assigned_at first_contact_at first_response_at converted_at lost_at changed_at",
        "key": (
            "source source_detail status owner team opportunity account contact campaign country region "
            "territory industry size lost_reason duplicate_of merged_into"
        ),
        "flag": "converted deleted sample test",
        "score": "score",
        "money": "expected_amount",
    },
    "opportunity": {
        "text": "name next_step",
        "moment": (
            "created_at stage_entered_at closed_at first_won_at expected_close first_contact_at assigned_at "
            "last_activity_at changed_at"
        ),
        "key": (
            "pipeline stage outcome forecast_category lost_reason won_reason kind owner team territory region "
            "account contact lead campaign source product merged_into"
        ),
        "count": "reopened term_months push_count",
        "money": "amount won_amount recurring",
        "probability": "probability",
        "score": "score",
        "flag": "deleted archived sample test",
    },
    "stage": {
        "text": "name",
        "key": "pipeline kind forecast_category",
        "count": "order expected_days rotting_days",
        "probability": "probability",
        "moment": "active_from active_to",
        "flag": "unknown",
    },
    "pipeline": {
        "text": "name",
    },
    "account": {
        "text": "name",
        "key": "kind industry sector size region country territory source tier owner team parent merged_into",
        "count": "employees",
        "moment": "created_at customer_since changed_at",
        "money": "revenue",
        "flag": "deleted sample test",
    },
    "contact": {
        "text": "name email phone",
        "key": "account owner title source country merged_into",
        "moment": "created_at changed_at",
        "flag": "deleted sample test",
    },
    "activity": {
        "key": "kind owner actor team lead opportunity account contact campaign direction outcome",
        "moment": "at due done",
        "duration": "duration",
        "count": "quantity",
        "text": "subject",
        "flag": "deleted sample test",
    },
    "seller": {
        "text": "name",
        "key": "team manager role region territory",
        "flag": "active",
        "day": "hired left",
    },
    "team": {
        "text": "name",
        "key": "parent manager region",
    },
    "membership": {
        "key": "seller team",
        "day": "start end",
    },
    "split": {
        "key": "opportunity seller kind",
        "number": "share",
    },
    "campaign": {
        "text": "name",
        "key": "kind channel status parent owner",
        "moment": "created_at",
        "day": "start end",
        "money": "budget expected_cost expected_revenue",
        "count": "impressions clicks",
    },
    "touch": {
        "key": "campaign channel source kind lead contact account opportunity",
        "moment": "at",
        "count": "quantity",
    },
    "cost": {
        "key": "kind category source channel campaign owner team account product",
        "money": "amount",
        "day": "date start end",
    },
    "target": {
        "key": "kind scope owner team account product region territory category metric",
        "money": "amount",
        "number": "quantity",
        "day": "start end",
    },
    "forecast": {
        "key": "owner team product region category",
        "money": "amount",
        "day": "start end",
        "moment": "submitted_at",
    },
    "product": {
        "text": "name",
        "key": "family",
        "money": "price",
        "flag": "active",
    },
    "quote": {
        "key": "opportunity account owner status",
        "moment": "created_at requested_at sent_at decided_at",
        "day": "valid_until",
        "money": "amount list_amount discount",
    },
    "order_line": {
        "key": "order opportunity quote account owner product kind",
        "moment": "at",
        "number": "quantity",
        "money": "price list_price discount amount",
        "count": "term_months",
    },
    "invoice": {
        "key": "account opportunity subscription owner status kind",
        "moment": "issued_at due paid_at",
        "money": "amount",
    },
    "payment": {
        "key": "invoice account opportunity owner kind",
        "moment": "at",
        "money": "amount",
    },
    "subscription": {
        "key": "account opportunity product owner kind status cancel_reason",
        "moment": "created_at cancelled_at",
        "day": "start end",
        "money": "recurring",
        "count": "term_months",
    },
    "response": {
        "key": "kind account contact opportunity owner product channel",
        "count": "score",
        "moment": "at",
        "text": "comment",
    },
    "rate": {
        "key": "from_currency to_currency source",
        "day": "valid_from",
        "number": "rate",
    },
}
"""Table -> kind of field -> names of its fields."""
