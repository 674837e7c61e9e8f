"""Address: where a store is, as the parts of its URL say, and what may stand in its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmcore.errors import ArgumentError
from crmcore.stores.url import StoreUrl, parse_url

__all__ = ["Address"]

_FILES = ("sslrootcert", "sslcert", "sslkey", "passfile")
_LIBPQ = ("port", "sslmode", "connect_timeout", "application_name", "target_session_attrs", *_FILES)
_OWN = ("host", "schema", "lock_timeout", "statement_timeout", "single_tenant_development")
_LONGEST_NAME = 63
_YES = {"yes": True, "no": False}


@attrs.frozen(slots=True)
class Address:
    """Where a store is, and how it is used.

    Args:
        shown: the URL as it may stand in messages, without a password.
        parameters: what psycopg connects with; never a URL, since its errors repeat a URL with the password in it.
        schema: where the tables are.
        lock_timeout: seconds that a writer waits for another, 0 for ever.
        statement_timeout: seconds that a statement may take, 0 for ever.
        development: a database of one tenant, for development, where the role may be a superuser or the owner.
    """

    shown: str
    parameters: Mapping[str, Any] = attrs.field(repr=False)
    schema: str = "crmcore"
    lock_timeout: float = 30
    statement_timeout: float = 0
    development: bool = False

    @classmethod
    def of(cls, url: str | StoreUrl) -> Address:
        """Return what a URL says.

        Raises:
            ArgumentError: it is none of PostgreSQL, or has an option that is not known.
        """
        parsed = parse_url(url)
        if parsed.scheme not in {"postgresql", "postgres"}:
            raise ArgumentError(f"{parsed}: a URL of PostgreSQL begins with postgresql:")
        options = parsed.only(*_OWN, *_LIBPQ).options
        if parsed.root is not None and any(name in options for name in _FILES):
            raise ArgumentError(f"{parsed}: a URL from outside names no files ({', '.join(_FILES)})")
        if not parsed.path or "/" in parsed.path:
            raise ArgumentError(f"{parsed} names no database; write postgresql://user@host/database")
        given = {
            "host": options.get("host", parsed.host),
            "port": options.get("port", parsed.port),
            "user": parsed.user,
            "password": parsed.password,
            "dbname": parsed.path,
            "connect_timeout": "10",
            "application_name": "crmcore",
            "client_encoding": "UTF8",
            **{name: options[name] for name in _LIBPQ if name in options},
        }
        return cls(
            str(parsed),
            {name: str(value) for name, value in given.items() if value is not None},
            schema=_schema(options.get("schema", "crmcore")),
            lock_timeout=_seconds(options, "lock_timeout", 30),
            statement_timeout=_seconds(options, "statement_timeout", 0),
            development=_yes(options, "single_tenant_development"),
        )

    def hide(self, message: str) -> str:
        """Return a message without the password, should a library have put it there."""
        secret = self.parameters.get("password")
        return message.replace(secret, "***") if secret else message


def _schema(name: str) -> str:
    fits = 0 < len(name.encode()) <= _LONGEST_NAME
    if not fits or name.startswith("pg_") or name in {"public", "information_schema"}:
        raise ArgumentError(
            f"schema {name!r}: a store has a schema of its own, of 1 to {_LONGEST_NAME} bytes, not public and not one of PostgreSQL"
        )
    return name


def _seconds(options: Mapping[str, str], name: str, default: float) -> float:
    text = options.get(name)
    if text is None:
        return default
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86_400:  # a day; the server counts milliseconds in 32 bits
        raise ArgumentError(f"{name} is a number of seconds from 0 (for ever) to 86400, got {text!r}")
    return found


def _yes(options: Mapping[str, str], name: str) -> bool:
    text = options.get(name, "no")
    if text not in _YES:
        raise ArgumentError(f"{name} is yes or no, got {text!r}")
    return _YES[text]
