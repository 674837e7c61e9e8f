"""URLs of stores: what they name, what they refuse, what they never show."""

from __future__ import annotations

import pytest

from crmcore.errors import ArgumentError, StoreNotFound
from crmcore.stores import StoreUrl, open_store, parse_url
from crmcore.stores.url import redacted


def test_parts() -> None:
    """User, host, port, path and options are decoded."""
    url = parse_url("postgresql://an%40na:p%3Aw@db.example:5433/crm%20%E5%BA%93?schema=a%26b")

    assert (url.scheme, url.user, url.password, url.host, url.port) == (
        "postgresql",
        "an@na",
        "p:w",
        "db.example",
        5433,
    )
    assert (url.path, dict(url.options)) == ("crm 库", {"schema": "a&b"})


@pytest.mark.parametrize(
    ("text", "path"),
    [("sqlite:///crm.db", "crm.db"), ("sqlite:////srv/crm.db", "/srv/crm.db"), ("memory:", ""), ("sqlite:///", "")],
)
def test_slashes(text: str, path: str) -> None:
    """Three slashes lead to a relative path, four to an absolute one."""
    assert parse_url(text).path == path


def test_no_password_is_shown() -> None:
    """Neither text nor repr nor the error of a URL that cannot be read has the password in it."""
    url = parse_url("postgresql://anna:geheim@host/crm?sslpassword=geheim")

    assert "geheim" not in str(url) + repr(url)
    assert str(url) == "postgresql://anna:***@host/crm"
    for broken in (
        "postgresql://anna:geheim@host:port/crm",
        "postgresql://anna:gehe[im@host/crm",
        "post gres://a:geheim@h/",
    ):
        with pytest.raises(ArgumentError) as caught:
            parse_url(broken)
        assert "gehe" not in str(caught.value)
        assert caught.value.__context__ is None or "gehe" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "text", ["crm.db", "", ":", "sqlite", "sqlite:///a#b", "sqlite:///a?x=1&x=2", "sqlite:///a%00b", None, 7]
)
def test_what_is_no_url(text: object) -> None:
    """Text without a kind, with a fragment, an option twice or a NUL is refused."""
    with pytest.raises(ArgumentError):
        parse_url(text)  # type: ignore[arg-type]


def test_file_stays_below_root(tmp_path) -> None:
    """With a root no dots, absolute path, encoding or link leads out of it."""
    root = tmp_path / "stores"
    root.mkdir()
    (tmp_path / "secret.db").touch()
    (root / "link").symlink_to(tmp_path)

    assert parse_url("sqlite:///a/crm.db", root=root).file() == (root / "a/crm.db").resolve()
    for path in (
        "../secret.db",
        "%2e%2e/secret.db",
        "a/../../secret.db",
        "link/secret.db",
        f"/{tmp_path}/secret.db",
        ".",
    ):
        found = parse_url(f"sqlite:///{path}", root=root)
        if path == ".":
            assert found.file() == root.resolve()
            continue
        with pytest.raises(ArgumentError, match="leads out"):
            found.file()


def test_file_needs_a_path_and_no_host() -> None:
    """A file has a path; two slashes would make its first folder a host."""
    with pytest.raises(ArgumentError, match="no path"):
        parse_url("sqlite:").file()
    with pytest.raises(ArgumentError, match="no host"):
        parse_url("sqlite://crm.db").file()


def test_options_are_known() -> None:
    """An option that a store does not know is refused with those there are."""
    url = parse_url("sqlite:///a?journal=off")

    assert url.only("journal") is url
    with pytest.raises(ArgumentError, match="no option 'journal'; there are timeout"):
        url.only("timeout")


def test_kinds_of_stores() -> None:
    """A scheme that nothing answers to is an error with the nearest."""
    with pytest.raises(StoreNotFound, match="did you mean 'sqlite'"):
        open_store("sqllite:///crm.db")
    with pytest.raises(ArgumentError, match="has no name"):
        open_store("memory:///crm")
    assert isinstance(parse_url(StoreUrl("memory")), StoreUrl)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no file 'postgresql://anna:geheim@host/crm'", "no file 'postgresql://anna:***@host/crm'"),
        ("postgresql:/anna:ge/h@eim@[host and more", "postgresql:/anna:***@[host and more"),
        ("a+b://x?password=geheim b", "a+b://x?... b"),
        (
            "sqlite:///crm.db is not there; C:/crm.db is: anna@host",
            "sqlite:///crm.db is not there; C:/crm.db is: anna@host",
        ),
        ("postgresql://anna:***@host/crm", "postgresql://anna:***@host/crm"),
    ],
)
def test_texts_with_urls_in_them(text: str, shown: str) -> None:
    """Passwords and options of URLs are hidden in any text; what is none stays."""
    assert redacted(text) == shown
