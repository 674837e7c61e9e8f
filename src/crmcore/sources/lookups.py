"""Lookups: columns that stand in another file, found by a key."""

from __future__ import annotations

from collections.abc import Sequence

from ..table.issue import EXAMPLES, Issue
from .columns import Texts, as_list
from .csv import CsvFile
from .names import place_of, profile_error
from .profile import Lookup, Profile

__all__ = ["LookupTable", "load_lookup"]


class LookupTable:
    """The rows of a lookup's file by their key, as text.

    Args:
        lookup: what the profile says.
        index: key -> row.
        columns: the columns that are looked up, by name or position.
    """

    def __init__(
        self, lookup: Lookup, index: dict[str, int], columns: dict[str | int, list[str]], repeated: list[str]
    ) -> None:
        self.lookup = lookup
        self.index = index
        self.columns = columns
        self.repeated = repeated
        self._used: set[int] = set()

    def find(self, keys: Texts) -> list[int | None]:
        """Return the row of each key, None where there is none; a blank key finds nothing."""
        get = self.index.get
        found = [get(key.strip()) for key in as_list(keys)]
        self._used.update(place for place in found if place is not None)
        return found

    def take(self, column: str | int, places: Sequence[int | None]) -> list[str]:
        """Return the texts of a column at these rows, empty where there is none."""
        texts = self.columns[column]
        return ["" if place is None else texts[place] for place in places]

    def issues(self) -> list[Issue]:
        """Return what was noticed: keys that stand twice, and rows that no row of a table asked for."""
        found = []
        table, column = f"lookup {self.lookup.name}", str(self.lookup.key)
        if self.repeated:
            detail = f"the first row is used: {', '.join(self.repeated[:EXAMPLES])}"
            found.append(Issue("lookup key repeated", table, column, len(self.repeated), detail=detail))
        unused = [key for key, place in self.index.items() if place not in self._used]
        if unused:
            found.append(
                Issue("lookup key not asked for", table, column, len(unused), detail=", ".join(unused[:EXAMPLES]))
            )
        return found


def load_lookup(file: CsvFile, lookup: Lookup, profile: Profile) -> LookupTable:
    """Read the key and the columns that a profile looks up in a file.

    Raises:
        ProfileError: the file lacks one of the columns, or has a row that does not fit.
    """
    asked = {
        s.column: s.line for f in profile.files for s in f.columns if s.lookup == lookup.name and s.column is not None
    }
    places = {column: place_of(column, file.names, file.name, profile.source, line) for column, line in asked.items()}
    key = place_of(lookup.key, file.names, file.name, profile.source, lookup.line)
    index: dict[str, int] = {}
    repeated: dict[str, None] = {}
    columns: dict[str | int, list[str]] = {column: [] for column in places}
    blank = {"", *(lookup.reading.null_words or ())}
    row = 0
    for block in file.blocks(sorted({key, *places.values()})):
        if block.refusals:
            first = block.refusals[0]
            message = f"lookup {lookup.name!r} cannot be read: {first.reason}; a lookup has to be whole"
            raise profile_error(profile.source, lookup.line, message)
        for text in as_list(block.columns[key]):
            word = text.strip()
            if word not in blank and index.setdefault(word, row) != row:
                repeated[word] = None
            row += 1
        for column, place in places.items():
            columns[column] += as_list(block.columns[place])
    return LookupTable(lookup, index, columns, list(repeated))
