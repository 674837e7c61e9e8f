"""Question: from the arguments to a workspace, a dataset and a result."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from ..algebra.walk import aggregates_of
from ..errors import ArgumentError, PluginWarning
from ..metric import Metric
from ..plan.requests import reading
from ..state.result import Result
from ..table.dataset import Dataset
from ..workspace import Workspace
from ..workspace.settings import settings_from
from .conditions import condition_of, moment
from .screen import progress_bar
from .stores import opened

__all__ = ["data_of", "measured", "settings_of", "workspace_of"]


def workspace_of(args: argparse.Namespace) -> Workspace:
    """Return the workspace of --workspace, --plugin, --discover and --language; it is built once."""
    found: Workspace | None = getattr(args, "built", None)
    if found is None:
        found = args.built = _built(args)
    return found


def _built(args: argparse.Namespace) -> Workspace:
    settings = settings_of(args)
    if args.plugin:
        settings["plugins"] = [*settings.get("plugins", ()), *args.plugin]
    if args.discover:
        settings["discover"] = True
    if args.language:
        settings["language"] = args.language
    url = getattr(args, "store", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PluginWarning)
        if url is None:
            found = Workspace(**settings)
        else:
            args.opened = opened(url, settings, create=getattr(args, "creates", False))
            found = Workspace(**settings, store=args.opened, tenant=args.tenant)
    for message in dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught):
        print(f"crmcore: warning: {message}", file=sys.stderr)
    return found


def data_of(args: argparse.Namespace, *, blank: bool = False) -> Dataset:
    """Return the dataset of --data and --profile, or of --store.

    A zone for timestamps that have none has to be stated by somebody.

    Args:
        args: the arguments.
        blank: with the columns of a store in which no record has anything.

    Raises:
        ArgumentError: an option of one of them, beside the other.
    """
    if args.store is not None:
        if args.profile:
            raise ArgumentError("--profile says how the files of --data are read; a store needs none")
        return workspace_of(args).dataset(blank=blank)
    if args.tenant is not None:
        raise ArgumentError("--tenant is of a store: --store STORE --tenant NAME")
    with progress_bar() as progress:
        return workspace_of(args).read(
            args.data, profile=args.profile, timezone=settings_of(args).get("timezone"), progress=progress
        )


def settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the file of --workspace states."""
    return settings_from(args.workspace) if args.workspace else {}


def measured(
    args: argparse.Namespace, workspace: Workspace, data: Dataset, *, by: Sequence[str], per: str | None
) -> Result:
    """Return what the arguments ask for."""
    metrics = [workspace.metric(name) for name in args.metrics]
    return workspace.measure(
        metrics,
        data if args.store is None else None,  # of a store, tables without records are there too
        by=by,
        per=per,
        where=condition_of(args.where, _tables(metrics), data, workspace),
        as_of=moment(args.as_of, "--as-of") if args.as_of else None,
        known=moment(args.known, "--known") if args.known else None,
        interval=args.interval,
    )


def _tables(metrics: Iterable[Metric]) -> list[str]:
    """Return the tables that metrics read, in order of first use."""
    found: dict[str, None] = {}
    for metric in metrics:
        for a in aggregates_of(metric.formula):
            found.update({str(x.table): None for x in reading(a)})
    return list(found)
