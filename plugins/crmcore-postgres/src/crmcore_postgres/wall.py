"""Wall: what has to be true of a role and of the tables before the database itself keeps tenants apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.errors import StoreError, StoreFormatError

from .address import Address
from .connections import Connection
from .migrations import steps
from .schema import applied, check_server

__all__ = ["check_format", "check_wall", "present"]

_ROLES = """
SELECT session_user, current_user,
       bool_or(r.rolsuper), bool_or(r.rolbypassrls),
       bool_or(r.oid IN (SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s))
FROM pg_roles r
WHERE pg_has_role(session_user, r.oid, 'MEMBER') OR pg_has_role(current_user, r.oid, 'MEMBER')
"""
_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
    SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' AND p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
      AND pg_get_expr(p.polqual, c.oid) = %(policy)s AND pg_get_expr(p.polwithcheck, c.oid) = %(policy)s
) AND NOT EXISTS (
    SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname <> 'tenant'
      AND NOT (p.polname = 'owner' AND p.polcmd = 'r' AND p.polroles = ARRAY[c.relowner])
)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND c.relname <> '_migration' ORDER BY 1
"""
_POLICY = "(_tenant = current_setting('crmcore.tenant'::text, true))"
"""What lets a row through, as PostgreSQL shows it."""
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
_HOW = "; see 'Roles' in the README of crmcore-postgres"


def check_format(connection: Connection, address: Address) -> None:
    """Refuse a database that has not the tables of this version.

    Raises:
        StoreFormatError: no tables, those of an older format, or of a newer one.
    """
    check_server(connection, address)
    row: Any = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = '_migration')",
        (address.schema,),
    ).fetchone()
    tell = "the owner runs: python -m crmcore_postgres install --role ROLE"
    if not row[0]:
        raise StoreFormatError(f"{address.shown}: there is no store in schema {address.schema!r}; {tell}")
    found = applied(connection, address)
    if found < len(steps()):
        raise StoreFormatError(
            f"{address.shown}: schema {address.schema!r} has format {found}, this version needs {len(steps())}; {tell}"
        )


def check_wall(connection: Connection, address: Address) -> None:
    """Refuse a role that sees past the wall between tenants, and tables where it is down.

    Raises:
        StoreError: a superuser, a role with BYPASSRLS, the owner or one that may become one of them; a table without its policy.
    """
    row: Any = connection.execute(_ROLES, (address.schema,)).fetchone()
    session, current, superuser, bypass, owner = row
    role = repr(current) if session == current else f"{current!r} (connected as {session!r})"
    for is_so, what in (
        (superuser, "a superuser"),
        (bypass, "a role with BYPASSRLS"),
        (owner, "the owner of the tables"),
    ):
        if is_so:
            raise StoreError(
                f"{address.shown}: role {role} is {what}, or may become one, and sees every tenant; connect with a role that owns "
                f"nothing, or, for a development database of one tenant, add ?single_tenant_development=yes{_HOW}"
            )
    asked = {"schema": address.schema, "policy": _POLICY}
    down = [name for name, up in connection.execute(_TABLES, asked).fetchall() if not up]
    if down:
        raise StoreError(
            f"{address.shown}: table {down[0]!r} does not keep tenants apart: its policy is not there as installed, or row level "
            f"security is not forced{_HOW}"
        )


def present(connection: Connection, address: Address) -> Mapping[str, Mapping[str, str]]:
    """Return the columns that are there: table -> column -> SQL type."""
    found: dict[str, dict[str, str]] = {}
    rows: Any = connection.execute(_COLUMNS, (address.schema,)).fetchall()
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = _SHORT.get(kind, kind)
    return found


_SHORT = {"timestamp with time zone": "timestamptz"}
