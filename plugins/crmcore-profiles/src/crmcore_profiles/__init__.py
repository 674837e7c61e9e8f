"""Profiles of products that people use: Salesforce, and Salesforce and HubSpot as Fivetran copies them into a warehouse."""

from __future__ import annotations

import attrs

import crmcore as cc

from .shapes import Shape, shaped

__all__ = ["CONFIG", "CRMCORE_API", "crmcore_profiles"]

CRMCORE_API = (1, 0)


@attrs.frozen
class CONFIG:
    """Settings of the plugin.

    Args:
        salesforce_files: how the file of an object is called, {} stands for the object: "Opportunity".
        fivetran_salesforce_files: how the file of a table is called, {} stands for the table: "opportunity".
        fivetran_hubspot_files: the same for HubSpot: "deal".
        hubspot_closed_stages: ids of the stages in which a deal is closed; in the others its close date is the expected one.
    """

    salesforce_files: str = "{}.csv"
    fivetran_salesforce_files: str = "{}.csv"
    fivetran_hubspot_files: str = "{}.csv"
    hubspot_closed_stages: tuple[str, ...] = ("closedwon", "closedlost")


@cc.hookimpl
def crmcore_profiles(config: CONFIG) -> dict[str, Shape]:
    """Declare the profiles by the names that `read(profile=...)` takes."""
    return {
        "salesforce": shaped("salesforce", config.salesforce_files),
        "fivetran_salesforce": shaped("salesforce", config.fivetran_salesforce_files, snake=True),
        "fivetran_hubspot": shaped("hubspot", config.fivetran_hubspot_files, closed=config.hubspot_closed_stages),
    }
