"""URLs of stores: what they name, and never what they keep secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from ..errors import ArgumentError

__all__ = ["StoreUrl", "parse_url", "redacted"]

_URL = re.compile(r"([A-Za-z][\w+-]+:/+)(\S+)")
_PASSWORD = re.compile(r":\S*@")


def _frozen(options: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(options))


@attrs.frozen(slots=True)
class StoreUrl:
    """A URL such as sqlite:///crm.db (relative), sqlite:////srv/crm.db (absolute) or postgresql://user@host/name.

    Its text and repr show no password.

    Args:
        scheme: kind of store.
        path: what follows the third slash, decoded.
        root: folder that files must lie in; None for anywhere.
    """

    scheme: str
    path: str = ""
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    options: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen, repr=False)
    root: Path | None = None

    def __str__(self) -> str:
        at = ""
        if self.user is not None:
            at = self.user + (":***" if self.password is not None else "") + "@"
        port = "" if self.port is None else f":{self.port}"
        where = f"//{at}{self.host or ''}{port}" + (f"/{self.path}" if self.path else "")
        return f"{self.scheme}:{where if self.host or self.path or at else ''}"

    def only(self, *options: str) -> StoreUrl:
        """Return the URL once its options are among these.

        Raises:
            ArgumentError: an option that the store does not know.
        """
        for name in self.options:
            if name not in options:
                known = f"; there are {', '.join(options)}" if options else "; it has none"
                raise ArgumentError(f"{self.scheme} store: no option {name!r}{known}")
        return self

    def file(self) -> Path:
        """Return the file or folder that the URL names, resolved.

        Raises:
            ArgumentError: no path, a path with a NUL, or one outside `root`, also by way of a link.
        """
        if self.host or self.user:
            raise ArgumentError(
                f"{self}: a file has no host; three slashes for a relative path, four for an absolute one"
            )
        if not self.path or "\0" in self.path:
            raise ArgumentError(f"{self.scheme} store: {self.path!r} is no path; write {self.scheme}:///crm.db")
        base = Path.cwd() if self.root is None else self.root.resolve()
        found = (base / self.path).resolve()
        if self.root is not None and not found.is_relative_to(base):
            raise ArgumentError(f"{self}: the path leads out of the folder that stores are kept in")
        return found


def parse_url(url: str | StoreUrl, *, root: str | Path | None = None) -> StoreUrl:
    """Return the parts of a URL.

    Raises:
        ArgumentError: text that is no URL of a store; the message holds no part of a password.
    """
    folder = None if root is None else Path(root)
    if isinstance(url, StoreUrl):
        return attrs.evolve(url, root=folder) if folder is not None else url
    if not isinstance(url, str):
        raise ArgumentError(f"a store's URL is text such as 'sqlite:///crm.db', got a {type(url).__name__}")
    scheme, colon, _ = url.partition(":")
    if not colon or not scheme.replace("+", "").replace("-", "").isalnum() or not scheme.isascii():
        raise ArgumentError("a store's URL begins with its kind: memory:, sqlite:///crm.db, postgresql://host/name")
    try:
        parts = urlsplit(url)
        port = parts.port
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), errors="strict")
    except ValueError:
        parts, port, options = None, None, []
    if parts is None or parts.fragment or "\0" in unquote(url):
        raise ArgumentError(f"{scheme}: the URL cannot be read; a reserved character in a password is written as %XX")
    if len(dict(options)) < len(options):
        raise ArgumentError(f"{scheme}: an option is given twice")
    return StoreUrl(
        scheme=scheme.lower(),
        path=unquote(parts.path.removeprefix("/")),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        host=parts.hostname,
        port=port,
        options=dict(options),
        root=folder,
    )


def redacted(text: str) -> str:
    """Return a text without the passwords and options of URLs that stand in it, such as one in the place of a path."""

    def hidden(found: re.Match[str]) -> str:
        rest, question, _ = found[2].partition("?")
        return found[1] + _PASSWORD.sub(":***@", rest) + ("?..." if question else "")

    return _URL.sub(hidden, text)
