"""The plugin keeps its contract; its settings are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmcore as cc
import crmcore_profiles
from crmcore.sources import parse_profile
from crmcore.testing import PluginSuite


class TestPlugin(PluginSuite):
    """It loads alone, declares the same twice, and says who it is."""

    plugin = crmcore_profiles


def test_it_is_found_when_it_is_installed() -> None:
    """The entry point is called `profiles`."""
    workspace = cc.Workspace(discover=["profiles"])

    assert workspace.plugins[0].distribution == "crmcore-profiles"
    assert list(workspace.profiles) == list(crmcore_profiles.PROFILES)


@pytest.mark.parametrize("files", ["", "export.csv", "{}{}.csv"])
def test_a_name_of_files_without_a_place_is_refused(files) -> None:
    """{} stands for the object once."""
    with pytest.raises(cc.CrmCoreError, match="stands once for the object or table"):
        cc.Workspace(plugins=[crmcore_profiles], config={"profiles": {"files": {"salesforce": files}}})


def test_names_of_files_and_columns() -> None:
    """Salesforce writes CloseDate, a warehouse close_date; files are called as the settings say."""
    config = crmcore_profiles.CONFIG(files={"salesforce": "sf-{}.csv", "fivetran_salesforce": "sf_{}_data.csv"})
    plain, copied = (
        parse_profile(crmcore_profiles.crmcore_profiles(config)[name]) for name in ("salesforce", "fivetran_salesforce")
    )
    first, second = ({s.name: s.column for s in p.files[0].columns} for p in (plain, copied))

    assert (plain.files[0].match, copied.files[0].match) == (("sf-Opportunity.csv",), ("sf_opportunity_data.csv",))
    assert (first["closed_at"], second["closed_at"]) == ("CloseDate", "close_date")
    assert (first["currency"], second["currency"]) == ("CurrencyIsoCode", "currency_iso_code")
    assert first.keys() == second.keys()
    assert [
        next(s.column for f in p.files if f.history == "field_changes" for s in f.columns if s.name == "field")
        for p in (plain, copied)
    ] == ["Field", "field"]
    assert [lookup.file for lookup in copied.lookups] == ["sf_opportunity_data.csv", "sf_lead_data.csv"]


def test_closed_stages_of_hubspot_are_a_setting() -> None:
    """They decide whether the close date is the actual or the expected one."""
    config = crmcore_profiles.CONFIG(closed_stages={"fivetran_hubspot": ("17", "18")})
    profile = parse_profile(crmcore_profiles.crmcore_profiles(config)["fivetran_hubspot"])
    conditions = {s.name: s.when[0] for s in profile.files[0].columns if s.when}

    assert {n: (c.words, c.wanted) for n, c in conditions.items()} == {
        "closed_at": (frozenset({"17", "18"}), True),
        "expected_close": (frozenset({"17", "18"}), False),
    }


@pytest.mark.parametrize("setting", ["files", "closed_stages", "renamed_stages"])
def test_a_profile_that_is_none_is_refused(setting) -> None:
    """What a setting says of a profile that is not there, or has no such thing, would be lost without a word."""
    value = {"files": "{}.csv", "closed_stages": ["x"], "renamed_stages": {"x": "y"}}[setting]
    with pytest.raises(cc.CrmCoreError, match=rf"{setting} speaks of 'salesfarce'; it is said of .*suitecrm"):
        cc.Workspace(plugins=[crmcore_profiles], config={"profiles": {setting: {"salesfarce": value}}})


@pytest.mark.parametrize("name", crmcore_profiles.PROFILES)
def test_a_profile_says_what_it_cannot_give(name) -> None:
    """Each file of a profile begins with what is not there."""
    file = Path(crmcore_profiles.__file__).parent / f"{crmcore_profiles.PROFILES[name]}.toml"
    head = file.read_text("utf-8").partition("name =")[0]

    assert "# Not there: " in head
