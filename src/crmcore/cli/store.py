"""`crmcore store`: make a store, fill it, write it as files, check it, save it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..sources import write_rejected
from ..state.present.width import aligned, clean
from ..stores import Backend
from ..table.dataset import Dataset
from ..table.issue import Rejected
from ..workspace import Workspace
from ..workspace.importing import Imported
from ..workspace.moments import end_of
from ..workspace.replaying import log_in
from .conditions import moment
from .question import settings_of, workspace_of
from .screen import counter, progress_bar, show

__all__ = ["run"]

WRONG = 1
"""Exit status where rows were rejected, or a check found something."""
_LISTED = 20
"""Rejected rows and issues that are listed; --rejected and --json have all."""


def run(args: argparse.Namespace) -> int:
    """Do one thing to a store."""
    workspace = workspace_of(args)
    backend: Backend = args.opened
    if args.action in ("init", "verify"):  # what an operator should know of the installation
        for warning in backend.warnings():
            print(f"crmcore: warning: {warning}", file=sys.stderr)
    actions = {
        "init": _init, "import": _import, "export": _export, "verify": _verify, "backup": _backup, "stats": _stats
    }  # fmt: skip
    return actions[args.action](args, workspace, backend)


def _init(args: argparse.Namespace, workspace: Workspace, _: Backend) -> int:
    store = workspace.store
    found = {"store": args.store, "tenant": store.tenant, "entries": store.last()}
    show(_json(found) if args.json else "{store} is ready: tenant {tenant}, {entries:,} entries".format(**found))
    return 0


# --- in and out


def _import(args: argparse.Namespace, workspace: Workspace, _: Backend) -> int:
    at = moment(args.at, "--at") if args.at else None
    learnt = _learnt(args.recorded_at, at, workspace)
    path = Path(args.data)
    source: Path | Dataset = path
    if log_in(path) is None:
        with progress_bar() as progress:
            source = workspace.read(
                path, profile=args.profile, timezone=settings_of(args).get("timezone"), progress=progress
            )
    elif args.profile:
        raise ArgumentError(f"{args.data} is an export of a store; --profile is for the files of a host")
    with counter("rows") as counted:
        found = workspace.import_data(source, at=at, recorded_at=learnt, name=args.source, progress=counted)
    if args.rejected:
        write_rejected(Dataset.of({}, (), found.rejected), args.rejected)
    show(_json(_plain(found)) if args.json else _told(found))
    return WRONG if found.rejected else 0


def _learnt(text: str | None, at: date | None, workspace: Workspace) -> datetime | None:
    """Return when data was learnt: what is said, else the end of the day it was so (T8)."""
    if text is not None:
        found = moment(text, "--recorded-at")
        if not isinstance(found, datetime) or found.utcoffset() is None:
            raise ArgumentError(f"--recorded-at takes an instant such as 2026-06-30T18:00+02:00, got {text!r}")
        return found
    if at is None or isinstance(at, datetime):
        return None
    return end_of(at, workspace.zone)


def _plain(found: Imported) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "written": found.applied,
        "there": found.unchanged + found.repeated,
        "rejected": [{"table": r.table, "row": r.row, "reason": r.reason} for r in found.rejected],
        "issues": [issue.to_dict() for issue in found.issues],
    }


def _told(found: Imported) -> str:
    lines = [str(found)]
    lines += [clean(str(issue)) for issue in found.issues[:_LISTED]]
    lines += [_row(rejected) for rejected in found.rejected[:_LISTED]]
    more = len(found.rejected) - _LISTED
    lines += [f"... and {more:,} more rejected rows; --rejected FILE writes them all"] if more > 0 else []
    return "\n".join(lines)


def _row(rejected: Rejected) -> str:
    return clean(f"rejected: {rejected.table} row {rejected.row}: {rejected.reason}")


def _export(args: argparse.Namespace, workspace: Workspace, _: Backend) -> int:
    with counter("records and entries") as counted:
        found = workspace.export_data(
            args.folder,
            at=moment(args.at, "--at") if args.at else None,
            known=moment(args.known, "--known") if args.known else None,
            replace=args.force,
            formulas=args.formulas,
            progress=counted,
        )
    files = [str(file) for file in found.files]
    if args.json:
        show(_json({"files": files, "records": found.records, "entries": found.entries}))
    else:
        show("\n".join([*files, str(found)]))
    return 0


# --- the whole of a store


def _verify(args: argparse.Namespace, _: Workspace, backend: Backend) -> int:
    with counter("entries") as counted:
        found = backend.verify(lambda entries: counted(entries, None))
    if args.json:
        show(_json({"entries": found.entries, "records": found.records, "faults": list(found.faults)}))
    else:
        checked = f"{found.entries:,} entries and {found.records:,} records checked"
        faults = [clean(f"fault: {fault}") for fault in found.faults]
        show("\n".join([f"{checked}: {len(faults):,} faults" if faults else f"{checked}: sound", *faults]))
    return 0 if found.sound else WRONG


def _backup(args: argparse.Namespace, _: Workspace, backend: Backend) -> int:
    backend.backup(args.file)
    size = Path(args.file).stat().st_size
    show(_json({"file": args.file, "bytes": size}) if args.json else f"{args.file}: {size:,} bytes")
    return 0


def _stats(args: argparse.Namespace, workspace: Workspace, _: Backend) -> int:
    found = workspace.store.stats()
    if args.json:
        plain = {"records": dict(found.records), "entries": found.entries, "consumers": dict(found.consumers)}
        show(_json({"store": args.store, "tenant": workspace.store.tenant, **plain, "bytes": found.size}))
        return 0
    records = [[clean(name), f"{count:,}"] for name, count in found.records.items()]
    lines = aligned(["table", "records"], records, [False, True])
    lines += ["", f"{sum(found.records.values()):,} records, {found.entries:,} entries"]
    lines += [
        f"consumer {clean(name)}: {found.entries - cursor:,} entries behind" for name, cursor in found.consumers.items()
    ]
    lines += [] if found.size is None else [f"{found.size:,} bytes"]
    show("\n".join(lines), table=True)
    return 0


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=2)
