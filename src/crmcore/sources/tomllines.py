"""Line numbers of the keys of a TOML text, which the parser of the standard library does not keep.

The text has been accepted by `tomllib` before, or is wrong only in that a key stands twice, so the walk below can be
plain: it skips strings and comments, and notes the line of every table, key and element of an array.
"""

from __future__ import annotations

import re

__all__ = ["Path", "key_lines"]

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_LONG = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}', re.DOTALL)
_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def key_lines(text: str) -> dict[Path, tuple[int, ...]]:
    """Return for each path, such as ("file", 0, "columns", "id"), the lines on which it is set, from 1.

    There are none where values are nested so deeply that the walk does not reach their ground.
    """
    try:
        return _Walk(text).run()
    except RecursionError:
        return {}


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, tuple[int, ...]] = {}
        self.sizes: dict[Path, int] = {}  # elements so far of each array of tables
        self.counted = (0, 1)  # a place in the text and its line, so that counting goes on from there

    def run(self) -> dict[Path, tuple[int, ...]]:
        here: Path = ()
        while True:
            self.skip(_GAP)
            if self.at >= len(self.text):
                return self.lines
            if self.text[self.at] == "[":
                here = self.header()
            else:
                self.pair(here)
            self.skip(_SPACE)

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def note(self, path: Path) -> None:
        place, line = self.counted
        line += self.text.count("\n", place, self.at)
        self.counted = (self.at, line)
        self.lines[path] = (*self.lines.get(path, ()), line)

    def header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        names = self.names()
        self.at += 2 if array else 1
        path = (*self.resolve(names[:-1]), names[-1])
        if array:
            self.sizes[path] = self.sizes.get(path, 0) + 1
        path = self.resolve_last(path)
        self.note(path)
        return path

    def resolve(self, names: list[str]) -> Path:
        path: Path = ()
        for name in names:
            path = self.resolve_last((*path, name))
        return path

    def resolve_last(self, path: Path) -> Path:
        return (*path, self.sizes[path] - 1) if path in self.sizes else path

    def names(self) -> list[str]:
        """Read a dotted key."""
        names = []
        while True:
            self.skip(_SPACE)
            quoted = self.skip(_QUOTED)
            names.append(_unquoted(quoted) if quoted else self.skip(_BARE))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def pair(self, here: Path) -> None:
        start = self.at
        path = (*here, *self.names())
        if self.at == start:  # not TOML at all; tomllib says what is wrong with it
            self.at = len(self.text)
            return
        self.note(path)
        self.at += 1  # the sign of equality
        self.value(path)

    def value(self, path: Path) -> None:
        self.skip(_SPACE)
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self.elements(path)
        elif first == "{":
            self.inline(path)
        elif not self.skip(_LONG) and not self.skip(_QUOTED):
            self.skip(_SCALAR)

    def elements(self, path: Path) -> None:
        self.at += 1
        size = 0
        while True:
            self.skip(_GAP)
            if self.at >= len(self.text) or self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            start = self.at
            self.note((*path, size))
            self.value((*path, size))
            size += 1
            if self.at == start:
                self.at = len(self.text)

    def inline(self, path: Path) -> None:
        self.at += 1
        while True:
            self.skip(_GAP)
            if self.at >= len(self.text) or self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.pair(path)


def _unquoted(key: str) -> str:
    body = key[1:-1]
    if key[0] == "'" or "\\" not in body:
        return body
    return re.sub(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", _escape, body)


def _escape(found: re.Match[str]) -> str:
    code = found.group(1)
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)
