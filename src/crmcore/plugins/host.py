"""Host: builds the plugins of one workspace. Hooks are called one by one, once, and what they declare is frozen."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from inspect import getattr_static
from types import ModuleType
from typing import Any

import attrs

from ..errors import CrmCoreError, PluginError, PluginWarning
from ..metric import Metric
from .candidates import Candidate
from .config import HIDDEN, configured, secrets_of, shown
from .contract import Unfit, api_of, hooks_of
from .declared import Declared, declared
from .plugin import KINDS, Plugin

__all__ = ["Draft", "drafts_of", "leave_out"]

_LONGEST = 2_000
"""Characters of a message; what a plugin raises may have any number."""


@attrs.define(slots=True, eq=False)
class Draft:
    """A plugin in the making."""

    candidate: Candidate
    made: Any = None
    api: tuple[int, int] | None = None
    hooks: tuple[str, ...] = ()
    config: Any = None
    declared: list[Declared] = attrs.Factory(list)
    error: PluginError | None = None

    @property
    def plugin(self) -> Plugin:
        """What the workspace tells about it."""
        c = self.candidate
        names = {kind: tuple(d.name for d in self.declared if d.kind == kind) for kind in KINDS}
        return Plugin(
            c.name,
            c.source,
            module=c.module,
            api=self.api,
            hooks=self.hooks,
            declared={kind: found for kind, found in names.items() if found},
            config=shown(self.config),
            error=None if self.error is None else str(self.error),
            dist=c.dist,
        )


def drafts_of(found: Iterable[Candidate], config: Mapping[str, Any] | None = None) -> list[Draft]:
    """Return plugins, in the order of the candidates, with what they declare; those with an error declare nothing.

    Raises:
        PluginError: a plugin that has to work does not, or settings of one that is not there.
    """
    settings = _settings(config)
    drafts = [Draft(c) for c in found]
    _check_names(drafts)
    _check_config(drafts, settings)
    for draft in drafts:
        _guarded(draft, partial(_prepared, draft, settings.get(draft.candidate.name)))
    calls = _registered([d for d in drafts if d.error is None and d.hooks])
    for draft in drafts:
        for hook in draft.hooks:
            call = calls.get((draft.candidate.name, hook))
            if call is not None:
                _guarded(draft, partial(_called, draft, hook, call), hook)
    return drafts


def _settings(config: Any) -> dict[str, Any]:
    if config is not None and not isinstance(config, Mapping):
        raise PluginError(f"config is a mapping from a plugin's name to its settings, got a {type(config).__name__}")
    return dict(config or {})


def _check_names(drafts: list[Draft]) -> None:
    by_name: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_name.setdefault(draft.candidate.name, []).append(draft)
    for name, sharing in by_name.items():
        if len(sharing) > 1:
            where = " and ".join(d.plugin.origin for d in sharing)
            for draft in sharing:
                leave_out(draft, f"two plugins are called {name!r}: {where}", whole=True)


def _check_config(drafts: list[Draft], settings: Mapping[str, Any]) -> None:
    names = [d.candidate.name for d in drafts]
    for name in settings:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"loaded are: {', '.join(names) or 'none'}"
            raise PluginError(f"config for plugin {name!r}, which is not loaded; {hint}", plugin=name)


def _prepared(draft: Draft, given: Any) -> None:
    """Load the plugin and check it, so far as this goes without calling it."""
    candidate = draft.candidate
    draft.made = plugin = candidate.load()
    if isinstance(plugin, type):
        raise Unfit(f"{plugin.__name__} is a class; a plugin is a module or an instance")
    draft.hooks = hooks_of(plugin)
    names = vars(plugin) if isinstance(plugin, ModuleType) else {}
    if draft.hooks:
        draft.api = api_of(plugin)
        draft.config = configured(getattr_static(plugin, "CONFIG", None), given, names)
    elif candidate.file:
        configured(None, given, names)
        draft.declared = [Declared("metrics", m.name, m) for m in _metrics_in(plugin)]
    else:
        raise Unfit("it implements no hook; write `@crmcore.hookimpl` above `def crmcore_metrics():`")


def _called(draft: Draft, hook: str, call: Callable[[Any], Any]) -> None:
    draft.declared += declared(hook, call(draft.config))


def _metrics_in(module: ModuleType) -> tuple[Metric, ...]:
    """Return the metrics that a file without hooks defines at its top level, or those in its METRICS."""
    listed = getattr(module, "METRICS", None)
    found = tuple(listed) if listed is not None else tuple(v for v in vars(module).values() if isinstance(v, Metric))
    if not found or not all(isinstance(m, Metric) for m in found):
        raise Unfit("it defines no metric; write `loss_rate = crmcore.Metric(...)` at its top level")
    return found


def _registered(drafts: list[Draft]) -> dict[tuple[str, str], Callable[[Any], Any]]:
    """Return the implementations of hooks by plugin and hook, as one manager has them."""
    if not drafts:
        return {}
    from .manager import implementations

    found, refused = implementations({d.candidate.name: d.made for d in drafts})
    for draft in drafts:
        if draft.candidate.name in refused:
            leave_out(draft, str(refused[draft.candidate.name]))
    return found


def _guarded(draft: Draft, step: Callable[[], None], hook: str | None = None) -> None:
    """Take a step; whatever the plugin raises is its own error, but Ctrl-C is the user's."""
    if draft.error is not None:
        return
    try:
        step()
    except Unfit as error:
        leave_out(draft, str(error), hook=error.hook or hook)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, sys.exit() too
        doing = f"{hook} raised" if hook else "it cannot be executed:"
        leave_out(draft, f"{doing} {type(error).__name__}: {_text(error)}", hook=hook, cause=error)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the error is the plugin's own class
        return "(without a text)"


def leave_out(
    draft: Draft, message: str, *, hook: str | None = None, cause: BaseException | None = None, whole: bool = False
) -> None:
    """Note the error of a plugin, or raise it where the plugin has to work.

    Args:
        draft: the plugin.
        message: what is wrong.
        hook: in which hook.
        cause: what the plugin raised.
        whole: the message names the plugin itself.

    Raises:
        PluginError: the plugin is strict.
    """
    plugin = draft.plugin
    hidden = secrets_of(draft.config)
    text = message if whole else f"{plugin.origin}: {message}"
    for word in hidden:
        text = text.replace(word, HIDDEN)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    draft.error = PluginError(
        text,
        plugin=plugin.name,
        source=plugin.source,
        distribution=plugin.distribution,
        version=plugin.version,
        hook=hook,
    )
    draft.error.__cause__ = None if hidden or isinstance(cause, CrmCoreError) else cause
    draft.declared = []
    if draft.candidate.strict:
        raise draft.error
    warnings.warn(PluginWarning(f"left out: {text}"), stacklevel=_outside())


def _outside() -> int:
    """Return how far above the one who built the workspace stands, for `warnings.warn` in the caller."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("crmcore."):
        depth, frame = depth + 1, frame.f_back
    return depth
