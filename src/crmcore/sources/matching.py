"""Which files are read, and which table each of them feeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ..domain.schema import RECORDS
from ..errors import IngestError, ProfileNotFound
from .names import near, profile_error, stem_of, table_of_file
from .profile import FileMap, Profile
from .profile_parse import load_profile, parse_profile

__all__ = ["Matches", "match_files", "resolve_profile"]


@attrs.frozen(slots=True)
class Matches:
    """The files of a folder with the entries of the profile that take them.

    Args:
        folder: where the files are, and those of the lookups.
        profile: the profile; without one, an entry was made for each file.
        feeds: files in the order in which they are read, each with its entries.
        unread: names of files that nothing takes.
    """

    folder: Path
    profile: Profile
    feeds: tuple[tuple[Path, tuple[FileMap, ...]], ...]
    unread: tuple[str, ...]


def resolve_profile(profile: Any, profiles: Mapping[str, Any] | None = None) -> Profile | None:
    """Return the profile that a path, a dict or a name stands for.

    Raises:
        ProfileNotFound: a name that is neither in `profiles` nor a file.
        ProfileError: a wrong profile.
    """
    if profile is None or isinstance(profile, Profile):
        return profile
    if isinstance(profile, Mapping):
        return parse_profile(profile)
    if isinstance(profile, str) and profiles is not None and profile in profiles:
        found = profiles[profile]
        return (
            parse_profile(found, source=f"profile {profile!r}")
            if isinstance(found, Mapping)
            else resolve_profile(found)
        )
    if isinstance(profile, Path) or str(profile).endswith(".toml") or Path(profile).is_file():
        return load_profile(profile)
    raise ProfileNotFound(
        str(profile), profiles or (), hint="or give the path of a TOML file; plugins bring profiles too"
    )


def match_files(path: Path, profile: Profile | None) -> Matches:
    """Return which files at a path feed which tables.

    Raises:
        IngestError: there is no such file or folder, or nothing in it that can be read.
        ProfileError: a file that the profile names is missing, or is cut in two ways.
    """
    folder, files = _files(path)
    if profile is None:
        return _by_name(folder, files, path)
    feeds = [(file, tuple(entry for entry in profile.files if entry.takes(file.name))) for file in files]
    looked_up = {lookup.file for lookup in profile.lookups}
    unread = tuple(file.name for file, entries in feeds if not entries and file.name not in looked_up)
    feeds = [(file, entries) for file, entries in feeds if entries]
    matched = {id(entry) for _, entries in feeds for entry in entries}
    for entry in profile.files:
        if id(entry) not in matched and not entry.optional and (path.is_dir() or not feeds):
            names = [file.name for file in files]
            hint = near(entry.match[0], names, f"; there are {', '.join(names)}")
            message = f"no file matches {' or '.join(map(repr, entry.match))} in {path}{hint}"
            raise profile_error(profile.source, entry.line, message)
    for file, entries in feeds:
        odd = next((entry for entry in entries if entry.layout != entries[0].layout), None)
        if odd is not None:
            message = f"{file.name} is cut into cells in another way than by the entry before; state the same for both"
            raise profile_error(profile.source, odd.line, message)
    # in the order of the profile, so that of two rows with one id the first is that of the file it names first
    order = {id(entry): i for i, entry in enumerate(profile.files)}
    feeds.sort(key=lambda feed: (order[id(feed[1][0])], feed[0].name))
    return Matches(folder, profile, tuple(feeds), unread)


def _files(path: Path) -> tuple[Path, list[Path]]:
    if path.is_dir():
        inside = (p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        files = sorted(p for p in inside if stem_of(p.name) is not None)
        if not files:
            message = f"{str(path)!r} has no file that ends in .csv, .tsv or .txt, or in these with .gz behind"
            raise IngestError(message, file=str(path))
        return path, files
    if not path.exists():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise IngestError(f"there is no file or folder {str(path)!r}{near(path.name, beside)}", file=str(path))
    return path.parent, [path]


def _by_name(folder: Path, files: list[Path], path: Path) -> Matches:
    """Return the files that are named for a table, each feeding it with columns under our names."""
    feeds = []
    unread = []
    for file in files:
        table = table_of_file(file.name)
        if table is None:
            unread.append(file.name)
        else:
            feeds.append((file, (FileMap((file.name,), table),)))
    if not feeds:
        hint = near(stem_of(files[0].name) or files[0].name, RECORDS, ".")
        raise IngestError(
            f"{path.name}: no file is named for a table{hint} Name files for their tables, such as opportunity.csv, or "
            f"give a profile; tables: {', '.join(RECORDS)}",
            file=str(path),
        )
    made = Profile(tuple(entry for _, entries in feeds for entry in entries), source="no profile")
    return Matches(folder, made, tuple(feeds), tuple(unread))
