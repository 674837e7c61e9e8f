"""Profiles of products that people use: how the exports of their tables, and of their history, become ours."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

import crmcore as cc

from .shapes import Shape, shaped

__all__ = ["CONFIG", "CRMCORE_API", "crmcore_profiles"]

CRMCORE_API = (1, 0)

PROFILES = {
    "salesforce": "salesforce",
    "fivetran_salesforce": "salesforce",
    "hubspot": "hubspot",
    "fivetran_hubspot": "fivetran_hubspot",
    "odoo": "odoo",
    "frappe": "frappe",
    "creme": "creme",
    "tryton": "tryton",
    "suitecrm": "suitecrm",
    "espocrm": "espocrm",
    "django_crm": "django_crm",
    "pipedrive": "pipedrive",
    "krayin": "krayin",
}
"""Name of a profile -> that of its TOML file."""
CLOSED = {
    "fivetran_hubspot": ("closedwon", "closedlost"),
    "tryton": ("won", "converted", "lost", "cancelled"),
    "suitecrm": ("Closed Won", "Closed Lost"),
    "espocrm": ("Closed Won", "Closed Lost"),
    "django_crm": ("CLOSED_WON", "CLOSED_LOST"),
}
"""Profile -> ids of the stages in which a deal is closed, of hosts with one date for the expected close and the actual one."""


@attrs.frozen
class CONFIG:
    """Settings of the plugin.

    Args:
        files: profile -> how the file of an object or table is called, {} stands for its name; "{}.csv" where none is said.
        closed_stages: profile -> ids of the stages in which a deal is closed; in the others its close date is the expected one.
        renamed_stages: profile -> name that a stage had -> name that it has, for hosts that keep names.
    """

    files: Mapping[str, str] = {}
    closed_stages: Mapping[str, tuple[str, ...]] = {}
    renamed_stages: Mapping[str, Mapping[str, str]] = {}

    def __attrs_post_init__(self) -> None:
        for name, known in (("files", PROFILES), ("closed_stages", CLOSED), ("renamed_stages", PROFILES)):
            for profile in getattr(self, name):
                if profile not in known:
                    raise ValueError(f"{name} speaks of {profile!r}; it is said of {', '.join(known)}")


@cc.hookimpl
def crmcore_profiles(config: CONFIG) -> dict[str, Shape]:
    """Declare the profiles by the names that `read(profile=...)` takes."""
    return {
        name: shaped(
            name,
            file,
            config.files.get(name, "{}.csv"),
            snake=name == "fivetran_salesforce",
            closed=config.closed_stages.get(name, CLOSED.get(name, ())),
            renamed=config.renamed_stages.get(name, {}),
        )
        for name, file in PROFILES.items()
    }
