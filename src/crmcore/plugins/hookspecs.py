"""Every hook there is. A hook declares; it is called once, when a workspace is built, and never while numbers are made.

What holds for all of them:

* A plugin is a module, an instance of a class, or one Python file. Above each hook stands `@crmcore.hookimpl`.
* `CRMCORE_API = (1, 0)` says for which version of this page the plugin is written.
* `config` is the plugin's own settings, an instance of its `CONFIG`, None where it declares none. A hook may leave it out.
* A hook returns a list, or yields; an empty list declares nothing, and None is an error.
* Order does not matter. Two declarations of one name are an error that names both plugins.
* Hooks take no defaults, and none of pluggy's options: no wrapper, tryfirst, trylast or specname.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from ..metric import Metric
    from ..sources import Profile
    from ..stores.contract import StoreSpec
    from .labels import Labels

__all__ = [
    "API",
    "HOOKS",
    "crmcore_metrics",
    "crmcore_profiles",
    "crmcore_scorers",
    "crmcore_stores",
    "hookimpl",
    "hookspec",
]

API = (1, 0)
"""Version of the hooks: a hook or argument more raises the minor number, one less or changed the major."""

hookspec = HookspecMarker("crmcore")
hookimpl = HookimplMarker("crmcore")


@hookspec
def crmcore_metrics(config: Any) -> Iterable[Metric | Labels]:  # type: ignore[empty-body]
    """Declare metrics, and what metrics are called in other languages.

    A metric is data: it runs on every engine, and has every window (`.trailing(90)`) at once. Its name is free in the
    catalogue, among the analyses and in every other plugin. `Labels` give metrics, also those of the catalogue, names in a
    language that they have none in; the workspace can then speak that language, and everything that it lacks is English.

    Returns: `crmcore.Metric` objects and `crmcore.plugins.Labels`.

    Examples:
        import crmcore as cc
        from crmcore.plugins import Labels

        CRMCORE_API = (1, 0)

        LARGE = cc.Metric(
            "large_won_deals",
            cc.count((cc.col("outcome") == "won") & (cc.col("amount") >= 10_000)),
            unit="count",
            better="higher",
            anchor="closed_at",
            summary="won deals of 10,000 or more",
            labels={"en": "Large won deals", "zh": "大额赢单数"},
        )

        @cc.hookimpl
        def crmcore_metrics():
            return [LARGE, Labels("de", names={"large_won_deals": "Große Abschlüsse", "win_rate": "Abschlussquote"})]
    """


@hookspec
def crmcore_scorers(config: Any) -> Iterable[Any]:  # type: ignore[empty-body]
    """Declare scorers: what gives each row of a table a score, with reasons.

    A scorer is a rule scheme, or any object that is a `crmcore.scoring.Scorer`. `workspace.score(name, data)` finds it.

    Returns: `crmcore.scoring.Scorer` objects.

    Examples:
        import crmcore as cc
        from crmcore.scoring import Group, Rule, Scheme

        CRMCORE_API = (1, 0)

        ATTENTION = Scheme(
            "attention",
            "lead",
            groups=[
                Group("source", [Rule("event", when=cc.col("source") == "event", points=60)]),
                Group("region", [Rule("served", when=cc.col("region") == "EMEA", points=40)]),
            ],
            labels={"en": "Attention", "zh": "关注度"},
            summary="how closely a lead has looked at us",
        )

        @cc.hookimpl
        def crmcore_scorers():
            return [ATTENTION]
    """


@hookspec
def crmcore_stores(config: Any) -> Iterable[StoreSpec]:  # type: ignore[empty-body]
    """Declare kinds of stores: what opens the URLs of a scheme.

    `Workspace(store="scheme:...")` opens them.

    Returns: `crmcore.stores.StoreSpec` objects; `open(url, *, create)` takes a `StoreUrl` and opens a backend that keeps the contract of
        `crmcore.stores.contract`.

    Examples:
        import crmcore as cc
        from crmcore.stores import Capabilities, StoreSpec
        from crmcore.stores.memory import MemoryBackend

        CRMCORE_API = (1, 0)

        IN_MEMORY = Capabilities(durable=False, processes=False, backup=False, tamper_evident=False)

        def opened(url, *, create=True):
            return MemoryBackend()

        @cc.hookimpl
        def crmcore_stores():
            return [StoreSpec("scratch", opened, "Keeps records as long as the process runs.", IN_MEMORY)]
    """


@hookspec
def crmcore_profiles(config: Any) -> Mapping[str, Any] | Iterable[tuple[str, dict[str, Any] | Path | Profile]]:  # type: ignore[empty-body]
    """Declare profiles: how the exports of some product become our tables.

    Returns: name -> profile, or pairs of them; a profile is the path of a TOML file, a dict of the same shape, or a
        `crmcore.sources.Profile`. `workspace.read(path, profile=name)` finds it by name.

    Examples:
        import crmcore as cc

        CRMCORE_API = (1, 0)

        DEALS = {
            "file": [
                {
                    "match": "deals*.csv",
                    "table": "opportunity",
                    "columns": {"id": "Deal ID", "amount": "Deal Value", "owner": "Deal Owner"},
                }
            ]
        }

        @cc.hookimpl
        def crmcore_profiles():
            return {"acme": DEALS}
    """


HOOKS = {f.__name__: f for f in (crmcore_metrics, crmcore_scorers, crmcore_stores, crmcore_profiles)}
"""Name -> what declares it."""
