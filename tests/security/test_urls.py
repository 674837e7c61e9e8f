"""URLs of stores: with a root, none leads out of it; none shows its password, wherever it turns up."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.cli import main
from crmcore.errors import ArgumentError, CrmCoreError, StoreError
from crmcore.stores import StoreUrl, Write, open_store, parse_url

AT = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = "pass" + "word-of-anna"
ENCODED = "pa%73s" + "word%2Dof%2Danna"
"""Decoded it is the same."""


# --- paths


@pytest.fixture
def rooted(tmp_path):
    """A folder of stores, beside it what nobody should reach, and links from the one to the other."""
    outside = tmp_path / "outside"
    outside.mkdir()
    store = open_store(f"sqlite:///{outside}/secret.db")
    store.close()
    root = tmp_path / "stores"
    (root / "a").mkdir(parents=True)
    (root / "folder").symlink_to(outside)
    (root / "file.db").symlink_to(outside / "secret.db")
    (root / "dangling.db").symlink_to(outside / "new.db")
    (root / "twice.db").symlink_to(root / "file.db")
    (root / "up").symlink_to("..")
    return root


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.db", "a/../../outside/secret.db", "%2e%2e/outside/secret.db", "%2E%2E%2Foutside%2Fsecret.db",
        "a/%2e%2e/%2e%2e/outside/new.db", "..%2foutside/new.db", "./.././outside/new.db", "folder/secret.db",
        "folder/new.db", "file.db", "twice.db", "dangling.db", "up/outside/secret.db", "../stores-evil/x.db", "..",
        "/etc/passwd", "/{outside}/secret.db", "//{outside}/secret.db", "%2Fetc%2Fpasswd", "/%2e%2e/%2e%2e/etc/passwd",
        "a%00.db", "../outside/secret.db%00.png",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_root(rooted, path):
    """Dots, encoded dots, absolute paths, NUL and links of every kind are refused, and nothing outside is touched."""
    outside = rooted.parent / "outside"
    before = tree(outside)
    url = f"sqlite:///{path.format(outside=str(outside).lstrip('/'))}"
    with pytest.raises(ArgumentError):
        open_store(url, root=rooted)
    assert tree(outside) == before
    assert not (rooted.parent / "stores-evil").exists()


@pytest.mark.parametrize(
    "path",
    [
        "..%5Coutside%5Csecret.db", "..\\outside\\secret.db", "%252e%252e%252foutside", "file:secret.db", ":memory:",
        "file:%2e%2e%3Fmode=memory", "a/~", "~root", "$HOME", "CON", "C:secret.db", "…/x".replace("/", "_"), "\u2025",
    ],
)  # fmt: skip
def test_what_is_special_elsewhere_is_a_name_in_the_root(rooted, path):
    """Backslashes, drives, URIs of SQLite, homes, variables, dots that only look so: a file in the root, or refused."""
    before = tree(rooted.parent / "outside")
    try:
        store = open_store(f"sqlite:///{path}", root=rooted)
    except (ArgumentError, StoreError):
        pass
    else:
        store.scoped().append([Write("lead", 1, {"name": "x"}, AT, AT)])
        store.close()
        made = [p for p in rooted.rglob("*") if p.is_file() and not p.is_symlink() and p.stat().st_size > 1000]
        assert len(made) == 1
    assert tree(rooted.parent / "outside") == before
    assert sorted(p.name for p in rooted.parent.iterdir()) == ["outside", "stores"]


PIECES = st.sampled_from(
    [
        "..",
        ".",
        "a",
        "/",
        "//",
        "%2e%2e",
        "%2f",
        "%5c",
        "\\",
        "folder",
        "file.db",
        "up",
        "~",
        "%00",
        "文",
        "%252e",
        "...",
        " ",
    ]
)


@given(pieces=st.lists(PIECES, max_size=12))
def test_any_path_is_below_the_root_or_refused(tmp_path_factory, pieces):
    """Whatever a path is put together from: it is refused, or what it resolves to lies in the root."""
    root = tmp_path_factory.getbasetemp() / "any" / "stores"
    if not root.exists():
        (root / "a").mkdir(parents=True)
        (root / "folder").symlink_to(root.parent)
        (root / "up").symlink_to("..")
    try:
        found = parse_url(f"sqlite:///{''.join(pieces)}", root=root).file()
    except ArgumentError:
        return
    assert os.path.realpath(found) == str(found)
    assert found.is_relative_to(root.resolve())


# --- passwords


URLS = (
    "postgresql://anna:{}@host:5432/crm",
    "postgresql://anna:{}@host/crm?sslmode=require&sslpassword={}",
    "nosuch://anna:{}@host/crm",
    "sqlite://anna:{}@host/crm.db",
    "sqlite:///crm.db?password={}",
    "sqlite:///crm.db?key={}",
    "memory://anna:{}@host/x",
    "memory:?password={}",
    "postgresql://anna:{}@host:port/crm",
    "postgresql://anna:{}@ho[st/crm",
    "postgresql://anna:{}@[::1/crm",
    "postgresql://anna:{}@host\u2100/crm",
    "postgresql://anna:{}@host/crm#part",
    "postgresql://anna:{}@host/crm?a=1&a={}",
    "postgresql://anna:{}@host/crm?{}",
    "post gres://anna:{}@host/crm",
    "postgresql//anna:{}@host:1/crm",
    "://anna:{}@host/crm",
    "postgresql://anna:{}@host/crm%00",
    "postgresql://anna:{}@host/crm%ff?a=%ff",
)  # fmt: skip
WHOLE = URLS[:8]


def told(error: BaseException) -> str:
    """Return all that an error tells: text, repr, attributes, traceback, and the same of those it came from."""
    parts, seen = [], error
    while seen is not None:
        parts += [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(parts) + "".join(traceback.format_exception(error))


@pytest.mark.parametrize("secret", [SECRET, ENCODED])
@pytest.mark.parametrize("form", URLS)
def test_no_error_tells_the_password(form, secret, caplog):
    """Whatever is wrong with a URL, neither its error, nor what that came from, nor a log has the password in it."""
    caplog.set_level(logging.DEBUG)
    url = form.replace("{}", secret)
    errors = []
    for act in (
        lambda: open_store(url),
        lambda: open_store(parse_url(url)),
        lambda: parse_url(url).file(),
        lambda: parse_url(url).only("timeout"),
        lambda: cc.Workspace(store=url),
        lambda: cc.Workspace(store=url, tenant="a\0b"),
        lambda: cc.Workspace(store=[url]),
        lambda: cc.Workspace(store=url.encode()),
        lambda: parse_url(url.encode()),
    ):
        try:
            act()
        except CrmCoreError as error:
            errors.append(told(error))
    assert errors
    for text in [*errors, caplog.text]:
        assert SECRET not in text
        assert ENCODED not in text


@pytest.mark.parametrize("form", WHOLE)
def test_no_text_of_a_url_has_the_password(form):
    """str, repr, format, a copy's repr; and a URL that knows a password does not go into a pickle."""
    url = parse_url(form.format(*[ENCODED] * form.count("{}")))
    assert SECRET in {url.password, *url.options.values()}
    for text in (
        str(url),
        repr(url),
        f"{url}",
        f"{url!r:>200}",
        repr([url]),
        repr({"store": url}),
        f"{url} {[url]!r}",
    ):
        assert SECRET not in text
        assert ENCODED not in text
    for act in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            act(url)
        assert SECRET not in told(caught.value)


def test_options_that_nobody_secret_has_named_are_not_shown_either():
    """An option may be a secret, whatever it is called: only its name is told."""
    url = parse_url(f"sqlite:///crm.db?cipher={SECRET}")
    with pytest.raises(ArgumentError, match="no option 'cipher'") as caught:
        url.only("mode")
    assert SECRET not in told(caught.value) + str(url) + repr(url)


def test_a_url_built_by_hand_hides_as_well():
    """A StoreUrl that no text was read for has the same manners."""
    url = StoreUrl("postgresql", "crm", user="anna", password=SECRET, host="h", options={"x": SECRET})
    assert SECRET not in str(url) + repr(url)
    with pytest.raises(CrmCoreError) as caught:
        open_store(url)
    assert SECRET not in told(caught.value)


@pytest.mark.parametrize("form", [*URLS[:6], *URLS[8:14], "postgresql://anna:{}@host/crm%00"])
def test_the_command_line_does_not_tell_the_password(form, tmp_path, monkeypatch, capsys):
    """No command prints the password of a store that it was given, in the right place or in a wrong one."""
    monkeypatch.chdir(tmp_path)
    url = form.replace("{}", SECRET)
    for command in (
        ["store", "stats", url],
        ["store", "init", url, "--json"],
        ["store", "verify", "crm.db", url],
        ["store", "backup", url, "copy.db"],
        ["store", "export", url, "folder"],
        ["store", url],
        ["measure", "win_rate", "--data", url],
        ["measure", "win_rate", "--store", url],
        ["measure", "win_rate", f"--stroe={url}"],
        ["check", url],
    ):
        main(command)
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err, command[:-1]
    assert not list(tmp_path.rglob(f"*{SECRET}*"))
