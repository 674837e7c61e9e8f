"""What is ordered: value, orders, customers, the size of an order, the price that is realised."""

from __future__ import annotations

from ..algebra import col, count, distinct, each, median, total
from ..metric import Metric
from .populations import WON

__all__ = ["CUSTOMER", "METRICS", "ORDERED", "PRICED"]

PRICED = col("amount").not_null()
ORDERED = col("order").not_null()
CUSTOMER = col("account").not_null()
COUNTED = col("quantity").not_null()

order_value = Metric(
    "order_value",
    total("amount"),
    unit="money",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Amount of the order lines of the period; returns, which are negative, are taken off.",
    source="M05; article A3",
    rules=("T4", "M2", "M3"),
    labels={"en": "Order value", "zh": "订单金额"},
    subject="orders",
)

orders = Metric(
    "orders",
    distinct("order"),
    unit="count",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Different orders with a line in the period.",
    source="M05; article A3",
    rules=("T4", "Q2"),
    labels={"en": "Orders", "zh": "订单数"},
    subject="orders",
)

customers_buying = Metric(
    "customers_buying",
    distinct("account"),
    unit="count",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Different accounts with an order line in the period.",
    source="M05, M27; variant of ours",
    rules=("T4", "Q2"),
    labels={"en": "Customers buying", "zh": "下单客户数"},
    subject="orders",
)

units_sold = Metric(
    "units_sold",
    total("quantity"),
    unit="number",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Pieces on the order lines of the period; those returned, which are negative, are taken off.",
    source="M05; variant of ours",
    rules=("T4", "M3"),
    labels={"en": "Units sold", "zh": "销售件数"},
    subject="orders",
)

average_order_value = Metric(
    "average_order_value",
    total("amount", where=ORDERED) / distinct("order", where=PRICED),
    unit="money",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Amount of the lines that belong to an order, over the different orders with an amount.",
    source="M05; article A3 (average order size)",
    rules=("R1", "R2", "M2", "M3", "Q2"),
    labels={"en": "Average order size", "zh": "平均订单金额"},
    subject="orders",
)

median_order_value = Metric(
    "median_order_value",
    median(each("order", total("amount", where=PRICED))),
    unit="money",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Median over the orders of the period of what the lines of an order come to.",
    source="M05; variant of ours",
    rules=("R2", "M2", "M3", "Q1"),
    labels={"en": "Median order size", "zh": "订单金额中位数"},
    subject="orders",
)

lines_per_order = Metric(
    "lines_per_order",
    count("order") / distinct("order"),
    unit="number",
    better="neutral",
    anchor="at",
    table="order_line",
    summary="Order lines of the period that belong to an order, over the different orders.",
    source="M05; variant of ours",
    rules=("R1", "R2", "Q2"),
    labels={"en": "Lines per order", "zh": "每单明细行数"},
    subject="orders",
)

units_per_order = Metric(
    "units_per_order",
    total("quantity", where=ORDERED) / distinct("order", where=COUNTED),
    unit="number",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Pieces on the lines that belong to an order, over the different orders with a quantity.",
    source="M05; variant of ours",
    rules=("R1", "R2", "M3", "Q2"),
    labels={"en": "Units per order", "zh": "每单件数"},
    subject="orders",
)

orders_per_customer = Metric(
    "orders_per_customer",
    distinct("order", where=CUSTOMER) / distinct("account", where=ORDERED),
    unit="number",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Different orders of the period that have an account, over the different accounts that have an order.",
    source="M05; variant of ours",
    rules=("R1", "R2", "Q2"),
    labels={"en": "Orders per customer", "zh": "客均订单数"},
    subject="orders",
)

value_per_customer = Metric(
    "value_per_customer",
    total("amount", where=CUSTOMER) / distinct("account", where=PRICED),
    unit="money",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Amount of the order lines that have an account, over the different accounts with an amount.",
    source="M05, M18; variant of ours",
    rules=("R1", "R2", "M2", "M3", "Q2"),
    labels={"en": "Order value per customer", "zh": "客均订单金额"},
    subject="orders",
)

_AT_LIST = total(col("list_price") * col("quantity"), where=PRICED)
discount_depth = Metric(
    "discount_depth",
    (_AT_LIST - total("amount", where=col("list_price").not_null() & COUNTED)) / _AT_LIST,
    unit="ratio",
    better="lower",
    anchor="at",
    table="order_line",
    summary="What the order lines of the period came to below list price, over their value at list price.",
    source="M31; Salesforce, Frappe, Django-CRM",
    rules=("R1", "R2", "M2", "M3"),
    labels={"en": "Discount depth", "zh": "折扣深度"},
    subject="orders",
)

price_realisation = Metric(
    "price_realisation",
    total("amount", where=WON & col("product.price").not_null()) / total("product.price", where=WON & PRICED),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period that have a product, over the list prices of these products, "
    "one piece a deal.",
    source="M31; list to net",
    rules=("O1", "R1", "R2", "M2", "M3"),
    labels={"en": "Price realisation", "zh": "价格实现率"},
    subject="orders",
)

METRICS = (
    order_value,
    orders,
    customers_buying,
    units_sold,
    average_order_value,
    median_order_value,
    lines_per_order,
    units_per_order,
    orders_per_customer,
    value_per_customer,
    discount_depth,
    price_realisation,
)
