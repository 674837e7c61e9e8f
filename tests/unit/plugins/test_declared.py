"""What hooks may return, and what becomes of names that two want."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import crmcore as cc
from crmcore.errors import DefinitionError, PluginError, PluginWarning
from crmcore.plugins import Labels

SCORERS = """
from crmcore.scoring import Group, Rule, Scheme
def scheme(name):
    return Scheme(name, "lead", groups=[Group("g", [Rule("r", when=cc.col("source") == "web", points=1)])])
"""
STORES = """
from crmcore.stores import Capabilities, StoreSpec
from crmcore.stores.memory import MemoryBackend
def opened(url, *, create=True):
    return MemoryBackend()
def spec(scheme, open=opened):
    return StoreSpec(scheme, open, "for tests", Capabilities(durable=False))
"""
BEGINNINGS = {"metrics": "", "scorers": SCORERS, "stores": STORES, "profiles": ""}
ONE = {
    "metrics": "[metric('{0}')]",
    "scorers": "[scheme('{0}')]",
    "stores": "[spec('{0}')]",
    "profiles": "{{'{0}': {{'file': []}}}}",
}
NOUNS = {"metrics": "metric", "scorers": "scorer", "stores": "store", "profiles": "profile"}


@pytest.fixture
def returning(plugin):
    """Return a function that makes a plugin of one hook, with what the hook returns as Python text."""

    def make(kind: str, text: str, *, name: str = "acme", body: str = "return"):
        hook = f"@cc.hookimpl\ndef crmcore_{kind}(config):\n    {body} {text}\n"
        return plugin(f"crmcore_{name}", BEGINNINGS[kind] + hook)

    return make


def refused(*plugins, **options) -> str:
    """Return why a workspace refuses plugins."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=plugins, **options)
    return str(caught.value)


# -- types ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NOUNS)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("None", "returned None"),
        ("3", "returned int 3"),
        ("'metric'", "returned str 'metric'"),
        ("b'x'", "returned a bytes"),
        ("True", "returned bool True"),
        ("object()", "returned a object"),
        ("[None]", "returned None in its list"),
        ("[3]", "returned int 3 in its list"),
        ("['crmcore']", "returned str 'crmcore' in its list"),
        ("[[]]", "returned a list in its list"),
        ("[object()]", "returned a object in its list"),
        ("[cc.Metric]", "returned a type in its list"),
        ("[cc.col('amount')]", "in its list"),
    ],
)
def test_what_is_no_declaration_is_refused(returning, kind, text, says) -> None:
    """Each hook says what it was given, and what it returns."""
    message = refused(returning(kind, text))

    assert f"crmcore_{kind} {says}" in message or (says in message and f"crmcore_{kind} returned" in message)
    assert "it returns a " in message


@pytest.mark.parametrize("kind", NOUNS)
def test_other_hooks_declarations_are_refused(returning, kind) -> None:
    """What one hook declares, another does not take."""
    everything = SCORERS + STORES
    for other in NOUNS:
        if other != kind:
            module = returning(kind, f"({ONE[other].format('acme')})")
            exec(everything, module.__dict__)
            assert f"crmcore_{kind} returned a" in refused(module), other


@pytest.mark.parametrize("kind", ["metrics", "scorers", "stores"])
def test_a_mapping_is_no_list(returning, kind) -> None:
    """Only profiles have names outside themselves."""
    assert f"crmcore_{kind} returned a mapping" in refused(returning(kind, "{}"))


@pytest.mark.parametrize("kind", NOUNS)
@pytest.mark.parametrize("text", ["[]", "()", "iter(())", "{}.values()"])
def test_an_empty_list_declares_nothing(returning, kind, text) -> None:
    """It is no error."""
    assert dict(cc.Workspace(plugins=[returning(kind, text)]).plugins[0].declared) == {}


@pytest.mark.parametrize("kind", NOUNS)
def test_a_hook_may_yield(returning, kind) -> None:
    """A generator is a list."""
    text = {"profiles": "'acme', {'file': []}"}.get(kind, ONE[kind].format("acme")[1:-1])
    workspace = cc.Workspace(plugins=[returning(kind, text, body="yield")])

    assert dict(workspace.plugins[0].declared) == {kind: ("acme",)}
    assert "acme" in getattr(workspace, kind)
    assert getattr(workspace, kind).origins["acme"] == "plugin 'acme' of module crmcore_acme"


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("profiles", "[('acme',)]", "returned a tuple in its list; it returns a mapping from names to profiles"),
        ("profiles", "{'': {}}", "returned a tuple in its list"),
        ("profiles", "{1: {}}", "returned a tuple in its list"),
        (
            "profiles",
            "{'acme': 'acme.toml'}",
            "profile 'acme' is a dict, the Path of a TOML file or a Profile, got str",
        ),
        ("scorers", "[Scheme]", "crmcore_scorers returned a type in its list"),
        ("stores", "[StoreSpec]", "crmcore_stores returned a type in its list"),
        ("stores", "[spec('Post Gres')]", "a scheme is a word such as 'postgresql', got 'Post Gres'"),
        ("stores", "[spec('')]", "a scheme is a word such as 'postgresql', got ''"),
        ("stores", "[spec('acme:')]", "a scheme is a word such as 'postgresql', got 'acme:'"),
        ("stores", "[spec('../x')]", "a scheme is a word such as 'postgresql', got '../x'"),
        ("stores", "[spec('acme', open=3)]", "open of 'acme' cannot be called"),
    ],
)
def test_declarations_are_looked_at_closely(returning, kind, text, says) -> None:
    """A store whose scheme is no word, a profile that is none: refused when the workspace is built, not when it is used."""
    assert says in refused(returning(kind, text))


def test_a_scorer_of_ones_own_is_checked(returning) -> None:
    """An object with a method `score` alone is no scorer; the message says what it lacks."""
    module = returning("scorers", "[Odd()]")
    exec("class Odd:\n    name = 'odd'\n    def score(self, table):\n        return 1\n", module.__dict__)

    message = refused(module)

    assert "crmcore_scorers: " in message
    assert "odd" in message.lower()


# -- duplicates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NOUNS)
def test_two_plugins_cannot_declare_one_name(returning, kind) -> None:
    """Each kind of name: the error names both plugins."""
    one, two = (returning(kind, ONE[kind].format("shared"), name=n) for n in ("one", "two"))

    assert refused(one, two) == refused(two, one)
    assert refused(one, two) == (
        f"{NOUNS[kind]} 'shared' from plugin 'two' of module crmcore_two is already defined by "
        "plugin 'one' of module crmcore_one"
    )


@pytest.mark.parametrize("kind", NOUNS)
def test_a_name_twice_in_one_plugin(returning, kind) -> None:
    """A plugin is at odds with itself."""
    once = ONE[kind].format("shared")
    text = "[('shared', {'file': []})] * 2" if kind == "profiles" else f"{once} + {once}"

    assert f"crmcore_{kind} declares 'shared' twice among its {kind}" in refused(returning(kind, text))


def test_names_of_crmcore_are_taken(returning) -> None:
    """A metric of the catalogue, an analysis, a store that is built in."""
    assert "metric 'win_rate' from plugin 'acme' of module crmcore_acme is already defined by crmcore" in refused(
        returning("metrics", "[metric('win_rate')]")
    )
    assert (
        "metric 'abc_classes' from plugin 'acme' of module crmcore_acme is already defined by the analyses"
        in refused(returning("metrics", "[metric('abc_classes')]"))
    )
    assert "store 'sqlite' from plugin 'acme' of module crmcore_acme is already defined by crmcore" in refused(
        returning("stores", "[spec('sqlite')]")
    )


def test_the_very_metric_of_the_catalogue_may_be_handed_on(returning) -> None:
    """What a plugin imports from us is no second definition."""
    handed = cc.Workspace(plugins=[returning("metrics", "[__import__('crmcore.kpis').kpis.CATALOGUE['win_rate']]")])

    assert handed.origins["win_rate"] == "crmcore"


def test_the_hosts_own_names_are_taken_too(returning) -> None:
    """The host's metrics and scorers stand before those of plugins."""
    mine = cc.Metric("mine_rows", cc.count(), anchor="created_at")

    assert "metric 'mine_rows' from plugin 'acme' of module crmcore_acme is already defined by metrics" in refused(
        returning("metrics", "[metric('mine_rows')]"), metrics=[mine]
    )


def test_lenient_the_host_and_what_has_to_work_win(returning, install) -> None:
    """A plugin that was found gives way to ours, to the host's and to one that was given; of two found both are left out."""
    shared = "@cc.hookimpl\ndef crmcore_metrics():\n    return [metric('shared_rows'), metric('{0}_rows')]\n"
    install("found", shared.format("found"))
    given = returning("metrics", "[metric('shared_rows')]", name="given")
    with pytest.warns(
        PluginWarning, match="metric 'shared_rows' from plugin 'found' of crmcore-found 1.2, entry point"
    ):
        workspace = cc.Workspace(plugins=[given], discover=True)

    assert workspace.origins["shared_rows"] == "plugin 'given' of module crmcore_given"
    assert "found_rows" not in workspace.metrics

    install("second", shared.format("second"))
    with pytest.warns(PluginWarning) as caught:
        workspace = cc.Workspace(discover=True)

    origins = [f"plugin {n!r} of crmcore-{n} 1.2, entry point {n} = crmcore_{n}" for n in ("found", "second")]
    assert "shared_rows" not in workspace.metrics
    assert sorted(str(w.message) for w in caught) == [
        f"left out: metric 'shared_rows' from {one} is already defined by {other}"
        for one, other in (origins, origins[::-1])
    ]


def test_labels_of_what_is_left_out_are_left_out(returning) -> None:
    """A plugin that is at odds with crmcore names nothing any more, and its language is not spoken."""
    both = returning("metrics", "[metric('win_rate'), Labels('de', names={'won_value': 'Abschlusswert'})]")
    with pytest.warns(PluginWarning, match="'win_rate' from plugin 'acme'"):
        workspace = cc.Workspace(plugins=[both], strict=False)

    assert "de" not in workspace.metric("won_value").labels
    with pytest.warns(PluginWarning), pytest.raises(cc.CrmCoreError, match="'de'"):
        cc.Workspace(plugins=[both], strict=False, language="de")


def test_two_plugins_of_one_name(declaring, plugin) -> None:
    """Names of plugins are names too; lenient, both are left out."""
    one, two = declaring("acme", "a_rows"), declaring("acme", "b_rows")

    assert "two plugins are called 'acme': plugin 'acme' of module crmcore_acme and plugin 'acme'" in refused(one, two)
    with pytest.warns(PluginWarning, match="two plugins are called"):
        workspace = cc.Workspace(plugins=[one, two], strict=False)
    assert not {"a_rows", "b_rows"} & {*workspace.metrics}


# -- labels --------------------------------------------------------------------------------------------


def test_labels_name_metrics_in_a_language_they_lack(returning) -> None:
    """Also those of the catalogue; the workspace can then speak it, and what has no name in it is English."""
    german = "[metric('acme_rows'), Labels('de', names={'acme_rows': 'Zeilen', 'win_rate': 'Abschlussquote'})]"
    workspace = cc.Workspace(plugins=[returning("metrics", german)], language="de")

    assert workspace.language == "de"
    assert workspace.metric("win_rate").label("de") == "Abschlussquote"
    assert workspace.metric("acme_rows").label("de") == "Zeilen"
    assert workspace.metric("won_value").label("de") == workspace.metric("won_value").label("en")
    assert cc.Workspace().metric("win_rate").labels.get("de") is None


def test_summaries_are_in_the_language_that_is_spoken(returning) -> None:
    """A summary replaces ours only where its language is the workspace's."""
    german = "[metric('acme_rows'), Labels('de', summaries={'acme_rows': 'alle Zeilen'})]"
    acme = returning("metrics", german)

    assert cc.Workspace(plugins=[acme], language="de").metric("acme_rows").summary == "alle Zeilen"
    assert cc.Workspace(plugins=[acme]).metric("acme_rows").summary == "rows"


def test_a_label_changes_no_number(returning) -> None:
    """A metric with a further name is the same metric: same key, same revision."""
    german = "[Labels('de', names={'win_rate': 'Abschlussquote'})]"
    ours, theirs = cc.Workspace().metrics, cc.Workspace(plugins=[returning("metrics", german)]).metrics

    assert ours["win_rate"].key == theirs["win_rate"].key
    assert {n: m.key for n, m in ours.items()} == {n: m.key for n, m in theirs.items()}


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        ("Labels('de', names={'win_rate': 'A'})", "Labels('de', names={'win_rate': 'B'})", "label 'de: win_rate' from"),
        ("Labels('de', names={'win_rate': 'A'})", "Labels('de', names={'win_rate': 'A'})", "label 'de: win_rate' from"),
        (
            "Labels('de', summaries={'win_rate': 'A'})",
            "Labels('de', summaries={'win_rate': 'B'})",
            "label 'de: win_rate (summary)' from",
        ),
    ],
)
def test_two_plugins_cannot_name_one_metric(returning, one, two, says) -> None:
    """Order would decide."""
    plugins = [returning("metrics", f"[{text}]", name=n) for n, text in (("one", one), ("two", two))]

    assert says in refused(*plugins)
    assert refused(*plugins) == refused(*reversed(plugins))


def test_a_name_that_a_metric_has_is_not_replaced(returning) -> None:
    """English and Chinese of the catalogue stay."""
    message = refused(returning("metrics", "[Labels('zh', names={'win_rate': '别的'})]"))

    assert "label 'zh: win_rate' from plugin 'acme' of module crmcore_acme is already defined by crmcore" in message


def test_labels_of_two_languages_in_two_plugins(returning) -> None:
    """German here and French there is no conflict."""
    one = returning("metrics", "[Labels('de', names={'win_rate': 'A'})]", name="one")
    two = returning("metrics", "[Labels('fr', names={'win_rate': 'B'})]", name="two")
    labels = cc.Workspace(plugins=[one, two]).metric("win_rate").labels

    assert (labels["de"], labels["fr"]) == ("A", "B")


def test_a_language_that_nobody_brings(returning) -> None:
    """An unknown language is an error with those that there are."""
    with pytest.raises(cc.CrmCoreError, match="'fr'"):
        cc.Workspace(plugins=[returning("metrics", "[Labels('de', names={'win_rate': 'A'})]")], language="fr")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("language = 'de'\n[names]\nwin_rate = 'Quote'\n", None),
        ("language = 'German'\n", "a language is a tag such as 'de' or 'pt-BR', got 'German'"),
        ("[names]\nwin_rate = 'Quote'\n", "a language is a tag such as 'de' or 'pt-BR', got ''"),
        ("language = 'de'\n[name]\nwin_rate = 'Quote'\n", "no key 'name'; did you mean 'names'?"),
        ("language = 'de'\n[names]\nwin_rate = 3\n", "'win_rate' is called 3, which is no text"),
        ("language = 'de'\n[names]\nwin_rate = ' '\n", "which is no text"),
        ("language = 'de'\nnames = 3\n", "takes a mapping"),
        ("language = ", "cannot be read"),
    ],
)
def test_a_file_of_labels(tmp_path, text, says) -> None:
    """A file that is wrong is named, with what is wrong in it."""
    path = tmp_path / "labels_de.toml"
    path.write_text(text, encoding="utf-8")
    if says is None:
        assert dict(Labels.load(path).names) == {"win_rate": "Quote"}
        return
    with pytest.raises(DefinitionError) as caught:
        Labels.load(path)
    assert str(caught.value).startswith("labels 'labels_de.toml'")
    assert says in str(caught.value)


def test_a_file_of_labels_that_is_not_there(tmp_path) -> None:
    """The path of a missing file is no secret of the error."""
    with pytest.raises(DefinitionError, match=r"labels 'none\.toml' cannot be read"):
        Labels.load(tmp_path / "none.toml")


# -- what is declared works ----------------------------------------------------------------------------


def test_each_kind_is_used(returning, tmp_path: Path) -> None:
    """A metric is measured, a scorer scores, a store opens and a profile reads, in one workspace of four plugins."""
    (tmp_path / "a.csv").write_text("Nr,Quelle\n1,web\n2,fair\n", encoding="utf-8")
    profile = "{'acme': {'file': [{'match': 'a.csv', 'table': 'lead', 'columns': {'id': 'Nr', 'source': 'Quelle'}}]}}"
    workspace = cc.Workspace(
        plugins=[
            returning(
                "metrics",
                "[cc.Metric('web_leads', cc.count(cc.col('source') == 'web', table='lead'), anchor='created_at')]",
                name="a",
            ),
            returning("scorers", "[scheme('webby')]", name="b"),
            returning("stores", "[spec('scratch')]", name="c"),
            returning("profiles", profile, name="d"),
        ],
        store="scratch:",
    )
    data = workspace.read(tmp_path / "a.csv", profile="acme")

    assert workspace.measure("web_leads", data).total == {"web_leads": 1}
    assert workspace.score("webby", data).values.tolist() == [1, 0]
    assert workspace.store is not None


def test_a_warning_is_given_once(plugin) -> None:
    """A plugin that fails in one hook is not called in the next, and is told of once."""
    source = (
        "asked = []\n@cc.hookimpl\ndef crmcore_metrics():\n    asked.append(1)\n    return 3\n"
        "@cc.hookimpl\ndef crmcore_profiles():\n    asked.append(2)\n    return 4\n"
    )
    acme = plugin("crmcore_acme", source)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cc.Workspace(plugins=[acme], strict=False)

    assert acme.asked == [1]
    assert len(caught) == 1
