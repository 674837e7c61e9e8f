"""Read files into a dataset: which file feeds which table, in which order, and what is told about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ..calendars import Zone
from ..table.column import Array
from ..table.dataset import Dataset
from ..table.draft import Draft, TableBuilder
from ..table.ingest import assemble
from ..table.issue import EXAMPLES, Issue, Rejected
from .csv import CsvFile, RowBlock, choose_parser
from .feed import Feed, Scope
from .histories.told import history_of, joined
from .lookups import LookupTable, load_lookup
from .matching import Matches, match_files, resolve_profile
from .names import near, profile_error
from .profile import FileMap, Layout, Lookup, Profile
from .references import refer
from .rejects import as_it_came, refused_record

__all__ = ["Progress", "read"]

Progress = Callable[[int, int, int], object]
"""Called with rows read, bytes read and bytes in all, after each block."""
_EXCLUDED = "row filter"


def read(
    path: str | Path,
    *,
    profile: str | Path | Mapping[str, Any] | Profile | None = None,
    profiles: Mapping[str, Any] | None = None,
    timezone: str | None = None,
    progress: Progress | None = None,
    parser: str = "auto",
) -> Dataset:
    """Read a CSV file, or a folder of them, as a dataset.

    Args:
        path: the file or folder; files end in .csv, .tsv or .txt, also with .gz behind.
        profile: how files, columns and words become ours: the path of a TOML file, a dict of the same shape, or a name
            in `profiles`. Without one the columns have our names, and each file is named for its table.
        profiles: profiles by name.
        timezone: zone of timestamps that state none, where the profile states none either.
        progress: called with rows read, bytes read and bytes in all.
        parser: "python" (the standard library), "arrow" (pyarrow), or "auto": arrow where it is installed. Both give the
            same dataset.

    Returns:
        A dataset with the tables, the issues and the rejected rows.

    Raises:
        IngestError: a file that cannot be read as what it claims to be; nothing is half read.
        ProfileError: a wrong profile, or one that does not fit the files; `line` is its line.
        ProfileNotFound: no profile of that name.
        ArgumentError: an unknown time zone or parser.

    Rules: T1, T2, M1
    """
    if timezone is not None:
        Zone(timezone)
    chosen = choose_parser(parser)
    matches = match_files(Path(path), resolve_profile(profile, profiles))
    return _Reading(matches, timezone, progress, chosen).run()


@attrs.define(slots=True, eq=False)
class _Target:
    """A table in the making, with where its rows come from."""

    builder: TableBuilder
    rows: int = 0
    """Rows of the input so far, those that are not taken included."""
    files: list[tuple[int, Path, Layout]] = attrs.Factory(list)
    """Each file with the rows of the input before it."""
    numbers: list[Array] = attrs.Factory(list)
    excluded: int = 0
    refused: dict[str, list[tuple[int, str]]] = attrs.Factory(dict)
    """Rows that do not fit their file, by the kind of misfit: their number and why."""
    as_came: set[int] = attrs.Factory(set)
    """Numbers of the rejected rows whose record is already what stands in the file."""


class _Reading:
    def __init__(self, matches: Matches, timezone: str | None, progress: Progress | None, parser: str) -> None:
        self.matches = matches
        self.timezone = timezone
        self.progress = progress
        self.parser = parser
        self.targets: dict[str, _Target] = {}
        self.rows = self.bytes = 0
        self.lookups: dict[str, LookupTable] = {}
        self.issues: list[Issue] = []
        self.total = sum(file.stat().st_size for file, _ in matches.feeds)

    def run(self) -> Dataset:
        profile = self.matches.profile
        for lookup in self._asked():
            self.lookups[lookup.name] = self._load(lookup)
        scope = Scope(self.lookups, profile.source, self.timezone)
        for path, entries in self.matches.feeds:
            self._file(path, entries, scope)
        drafts, told = self._drafts()
        made = assemble(drafts, self.timezone or self._zone())
        tables = dict(made.tables)
        wanted: dict[str, dict[str, str]] = {}
        for entry in profile.files:
            wanted.setdefault(entry.table, {}).update(entry.references)
        issues = [*self.issues, *made.issues, *refer(tables, wanted, profile)]
        issues += [issue for lookup in self.lookups.values() for issue in lookup.issues()]
        if self.matches.unread:
            unread = self.matches.unread
            issues.append(Issue("file not read", "", "", len(unread), detail=", ".join(unread)))
        return Dataset.of(tables, issues, [*self._as_it_came(made.rejected), *told], made.left_out)

    def _zone(self) -> str | None:
        """Return the zone that the profile states for all files, if there is one: dates are compared with instants in it."""
        zones = {entry.reading.timezone for entry in self.matches.profile.files}
        return zones.pop() if len(zones) == 1 else None

    # -- lookups ------------------------------------------------------------------------------------------------------

    def _asked(self) -> Iterable[Lookup]:
        """Return the lookups that the files at hand need."""
        names = {s.lookup for _, entries in self.matches.feeds for entry in entries for s in entry.columns if s.lookup}
        return [lookup for lookup in self.matches.profile.lookups if lookup.name in names]

    def _load(self, lookup: Lookup) -> LookupTable:
        path = self.matches.folder / lookup.file
        if not path.is_file():
            hint = near(lookup.file, [p.name for p in self.matches.folder.iterdir()])
            message = f"no file {lookup.file!r} for lookup {lookup.name!r} in {self.matches.folder}{hint}"
            raise profile_error(self.matches.profile.source, lookup.line, message)
        with CsvFile(path, lookup.layout, self.parser) as file:
            return load_lookup(file, lookup, self.matches.profile)

    # -- files --------------------------------------------------------------------------------------------------------

    def _file(self, path: Path, entries: tuple[FileMap, ...], scope: Scope) -> None:
        bases = {entry.table: self._target(entry.table).rows for entry in entries}
        rows = 0
        with CsvFile(path, entries[0].layout, self.parser) as file:
            feeds = [
                Feed(file, entry, self._target(entry.table).builder, scope, bases[entry.table]) for entry in entries
            ]
            for table, base in bases.items():
                self._target(table).files.append((base, path, file.layout))
                self._unnamed(file, table, [feed for feed in feeds if feed.entry.table == table])
            for block in file.blocks(range(len(file.names))):
                rows += block.size + len(block.refusals)
                self._block(block, feeds)
                self._tell(rows, file.bytes_read)
            self.rows += rows
            self.bytes += file.size
        self._tell(0, 0)
        for table, base in bases.items():
            self._target(table).rows = base + rows

    def _tell(self, rows: int, size: int) -> None:
        if self.progress is not None:
            self.progress(self.rows + rows, self.bytes + size, self.total)

    def _target(self, table: str) -> _Target:
        if table not in self.targets:
            self.targets[table] = _Target(TableBuilder(table))
        return self.targets[table]

    def _block(self, block: RowBlock, feeds: list[Feed]) -> None:
        masks = [feed.wanted(block) for feed in feeds]
        filters = [mask for mask in masks if mask is not None]
        # rows that no entry takes: none, where an entry has no filter
        left = ~np.logical_or.reduce(filters) if len(filters) == len(masks) else None
        for feed, mask in zip(feeds, masks, strict=True):
            self.targets[feed.entry.table].numbers.append(feed.take(block, mask))
        for table, feed in {feed.entry.table: feed for feed in feeds}.items():
            target = self.targets[table]
            if left is not None:
                target.excluded += int(np.count_nonzero(left))
            for row, kind, reason, cells in block.refusals:
                target.refused.setdefault(kind, []).append((feed.base + row, reason))
                record = refused_record(feed.file.names, cells)
                target.builder.rejected.append(Rejected(table, feed.base + row, reason, record))

    def _unnamed(self, file: CsvFile, table: str, feeds: list[Feed]) -> None:
        """List columns whose header is blank: they are read, under their position."""
        for place in file.unnamed:
            name = file.names[place]
            if any(name in feed.kept for feed in feeds):
                self.issues.append(
                    Issue("column without a name", table, name, 1, detail=f"its header in {file.name} is blank")
                )

    # -- the end ------------------------------------------------------------------------------------------------------

    def _draft(self, target: _Target) -> Draft:
        made = target.builder
        for kind, found in target.refused.items():
            rows = tuple(row for row, _ in found[:EXAMPLES])
            made.issues.append(Issue(kind, made.name, "", len(found), rejected=True, rows=rows, detail=found[0][1]))
        draft = made.finish()
        numbers = np.concatenate(target.numbers) if target.numbers else np.zeros(0, np.int64)
        if target.rows != draft.length or not bool((np.diff(numbers) == 1).all()):
            draft.numbers = numbers
        if target.excluded:
            draft.excluded[_EXCLUDED] = target.excluded
        late = sorted({bad.row for bads in draft.bad.values() for bad in bads} - draft.records.keys())
        if late:  # found only once the whole column was there
            came = as_it_came(target.files, {int(numbers[row]) for row in late}, self.parser)
            draft.records.update({row: came[int(numbers[row])] for row in late})
        target.as_came = {int(numbers[row]) + 1 for row in draft.records} | {row.row for row in made.rejected}
        return draft

    def _drafts(self) -> tuple[list[Draft], list[Rejected]]:
        """Return the tables, those of histories made and joined to the changes, and what histories rejected."""
        shapes = {entry.table: entry for entry in self.matches.profile.files if entry.history is not None}
        drafts = {name: self._draft(target) for name, target in self.targets.items()}
        rejected: list[Rejected] = []
        for name, entry in shapes.items():
            if name not in drafts:
                continue
            history = history_of(entry.history or "", drafts.pop(name), entry.fields).to_draft()
            target = self.targets.pop(name)
            late = {row.row - 1 for row in history.rejected} - {row - 1 for row in target.as_came}
            came = as_it_came(target.files, late, self.parser) if late else {}
            rejected += [attrs.evolve(r, record=came.get(r.row - 1, r.record)) for r in history.rejected]
            history.rejected = []
            drafts["change"] = joined(drafts["change"], history) if "change" in drafts else history
        return list(drafts.values()), rejected

    def _as_it_came(self, rejected: tuple[Rejected, ...]) -> list[Rejected]:
        """Return the rejected rows in order, each as it came: also those whose values were all right, but not their id."""
        found: dict[str, dict[int, dict[str, str]]] = {}
        for name, target in self.targets.items():
            converted = {r.row - 1 for r in rejected if r.table == name} - {row - 1 for row in target.as_came}
            found[name] = as_it_came(target.files, converted, self.parser) if converted else {}
        order = list(self.targets)
        came = [attrs.evolve(r, record=found[r.table].get(r.row - 1, r.record)) for r in rejected]
        return sorted(came, key=lambda r: (order.index(r.table), r.row))
