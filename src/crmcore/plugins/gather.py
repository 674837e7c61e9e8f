"""Gather: the declarations of all plugins beside those of crmcore and of the host, with where each came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ArgumentError, DefinitionError
from ..kpis import ANALYSES, CATALOGUE
from ..locales import LANGUAGES
from ..metric import Metric
from .installed import asked_for
from .labels import Labels
from .plugin import Plugin, Registry

if TYPE_CHECKING:
    from ..scoring.scorer import Scorer
    from ..stores.contract import StoreSpec
    from .host import Draft

__all__ = ["Gathered", "gather", "settled"]

_OWN = "crmcore"
_NOUNS = {"metrics": "metric", "scorers": "scorer", "stores": "store", "profiles": "profile", "labels": "label"}


@attrs.frozen(slots=True, eq=False)
class Gathered:
    """What a workspace has.

    Args:
        plugins: by name, those left out included.
        metrics: those of the catalogue, the host and the plugins.
        scorers: those of the host and the plugins.
        stores: kinds of stores by scheme, those of crmcore included.
        profiles: by name.
        languages: that the workspace can speak.
    """

    plugins: tuple[Plugin, ...]
    metrics: Registry[Metric]
    scorers: Registry[Scorer]
    stores: Registry[StoreSpec]
    profiles: Registry[Any]
    languages: tuple[str, ...]


@attrs.frozen(slots=True, eq=False)
class _Claim:
    """Somebody who declares a name, or, without a value, only takes it: crmcore and the host have no draft."""

    origin: str
    value: Any
    draft: Draft | None = None

    @property
    def firm(self) -> bool:
        return self.draft is None or self.draft.candidate.strict

    @property
    def sound(self) -> bool:
        return self.draft is None or self.draft.error is None


Claims = dict[tuple[str, str], list[_Claim]]


def gather(
    plugins: Iterable[Any] = (),
    *,
    discover: bool | Iterable[str] = False,
    config: Mapping[str, Any] | None = None,
    strict: bool | None = None,
    metrics: Iterable[Metric] = (),
    scorers: Mapping[str, Scorer] | None = None,
    language: str = "en",
) -> Gathered:
    """Return what a workspace has.

    Args:
        plugins: modules, objects and paths of Python files; one that fails is an error.
        discover: True for all installed plugins, of which those that fail are left out; or the names of some.
        config: plugin -> its settings.
        strict: True: whatever fails is an error; False: whatever fails is left out, with a warning.
        metrics: the host's own.
        scorers: the host's own, by name.
        language: the one that summaries are wanted in.

    Raises:
        PluginError: a plugin that has to work does not, or two declare one name.
        DefinitionError: two metrics of one name among those of crmcore and the host.
        ArgumentError: what cannot be a plugin, a metric or a list of names.
    """
    return settled(_drafts(plugins, discover, config, strict), metrics=metrics, scorers=scorers, language=language)


def settled(
    drafts: list[Draft],
    *,
    metrics: Iterable[Metric] = (),
    scorers: Mapping[str, Scorer] | None = None,
    language: str = "en",
) -> Gathered:
    """Return what plugins, crmcore and the host declare together, each name once; the arguments are those of `gather`.

    Raises:
        PluginError: two plugins that have to work declare one name.
    """
    claims = _owned(metrics, scorers or {})
    for draft in drafts:
        _claim(draft, claims)
    for (kind, name), found in claims.items():
        if len(found) > 1:
            _settle(kind, name, found)
    kept = {key: c for key, listed in claims.items() for c in listed if c.value is not None and c.sound}
    labels = [d.value for draft in drafts for d in draft.declared if d.kind == "labels"]
    return Gathered(
        tuple(draft.plugin for draft in drafts),
        _labelled(_registry("metrics", kept), labels, language),
        _registry("scorers", kept),
        _registry("stores", kept),
        _registry("profiles", kept),
        tuple(dict.fromkeys((*LANGUAGES, *(found.language for found in labels)))),
    )


def _drafts(plugins: Any, discover: Any, config: Any, strict: bool | None) -> list[Draft]:
    if isinstance(discover, Iterable) and not isinstance(discover, str):
        discover = tuple(discover)
    names, _ = asked_for(discover)
    listed = tuple(plugins) if isinstance(plugins, list) else plugins
    if listed == () and names == () and not config:
        return []
    from .candidates import candidates
    from .host import drafts_of  # pluggy is loaded where there is a plugin

    return drafts_of(candidates(listed, discover, strict=strict), config)


def _owned(metrics: Iterable[Metric], scorers: Mapping[str, Scorer]) -> Claims:
    """Return what crmcore and the host declare."""
    from ..stores.opening import BUILT_IN

    claims: Claims = {("metrics", name): [_Claim(_OWN, metric)] for name, metric in CATALOGUE.items()}
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise ArgumentError(f"metrics takes crmcore.Metric objects, got {metric!r}")
        before = claims.get(("metrics", metric.name))
        if before is None and metric.name in ANALYSES:
            raise DefinitionError(f"metric {metric.name!r} from metrics has the name of an analysis; rename it")
        if before is not None and before[0].value is not metric:
            raise DefinitionError(f"metric {metric.name!r} from metrics is already defined by {before[0].origin}")
        if before is None:
            claims["metrics", metric.name] = [_Claim("metrics", metric)]
    claims |= {("scorers", name): [_Claim("scorers", scorer)] for name, scorer in scorers.items()}
    return claims | {("stores", scheme): [_Claim(_OWN, spec)] for scheme, spec in BUILT_IN.items()}


def _claim(draft: Draft, claims: Claims) -> None:
    """Add what a plugin declares."""
    origin = draft.plugin.origin
    for item in draft.declared:
        if isinstance(item.value, Labels):
            for metric in (*item.value.names, *(f"{name} (summary)" for name in item.value.summaries)):
                claims.setdefault(("labels", f"{item.name}: {metric}"), []).append(_Claim(origin, None, draft))
            continue
        if item.kind == "metrics" and CATALOGUE.get(item.name) is item.value:
            continue  # an import of ours, not a definition
        if item.kind == "metrics" and item.name in ANALYSES:
            claims.setdefault(("metrics", item.name), [_Claim("the analyses of crmcore", None)])
        claims.setdefault((item.kind, item.name), []).append(_Claim(origin, item.value, draft))
    for item in draft.declared:
        for metric in item.value.names if isinstance(item.value, Labels) else ():
            named = claims.get(("metrics", metric), [])[:1]
            if named and item.name in named[0].value.labels:
                claims["labels", f"{item.name}: {metric}"].insert(0, _Claim(named[0].origin, None))


def _settle(kind: str, name: str, found: list[_Claim]) -> None:
    """Raise where two that must work declare one name; where one need not, it is left out; where none must, all are."""
    from .host import leave_out

    firm = [c for c in found if c.firm]
    ordered = [*firm, *(c for c in found if not c.firm)]
    for claim in reversed(firm[1:] or [c for c in ordered if not c.firm]):
        other = ordered[0] if claim is not ordered[0] else ordered[1]
        if claim.draft is not None and claim.draft.error is None:
            text = f"{_NOUNS[kind]} {name!r} from {claim.origin} is already defined by {other.origin}"
            leave_out(claim.draft, text, whole=True)


def _registry(kind: str, kept: Mapping[tuple[str, str], _Claim]) -> Registry[Any]:
    found = {name: claim for (k, name), claim in kept.items() if k == kind}
    return Registry({n: c.value for n, c in found.items()}, {n: c.origin for n, c in found.items()})


def _labelled(metrics: Registry[Metric], labels: Iterable[Labels], language: str) -> Registry[Metric]:
    """Return the metrics with the names, and in the language that is spoken the summaries, that plugins give them."""
    names: dict[str, dict[str, str]] = {}
    summaries: dict[str, str] = {}
    for given in labels:
        for name, text in given.names.items():
            names.setdefault(name, {})[given.language] = text
        if given.language == language:
            summaries |= given.summaries
    worded = {
        name: metrics[name].worded(
            labels={**metrics[name].labels, **names.get(name, {})}, summary=summaries.get(name, metrics[name].summary)
        )
        for name in {**names, **summaries}
        if name in metrics
    }
    return Registry({n: worded.get(n, m) for n, m in metrics.items()}, metrics.origins) if worded else metrics
