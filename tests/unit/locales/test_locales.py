"""The languages say the same things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmcore.errors import ArgumentError
from crmcore.locales import LANGUAGES, locale
from crmcore.metric import BETTER
from crmcore.state.operand import REASONS
from crmcore.units import UNITS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    """Each set of words has the same entries as in English, and the same places for values."""
    ours, english = locale(language), locale("en")

    for name in english._fields:
        assert getattr(ours, name).keys() == getattr(english, name).keys(), name
    for word, text in english.words.items():
        assert set(re.findall(r"{\w+}", ours.words[word])) == set(re.findall(r"{\w+}", text)), word


@pytest.mark.parametrize("language", LANGUAGES)
def test_units_directions_and_reasons_are_complete(language: str) -> None:
    """Whatever a metric or a result can say has words."""
    words = locale(language)

    assert set(words.units) == set(UNITS)
    assert set(words.better) == set(BETTER)
    assert set(REASONS.values()) <= set(words.reasons)


def test_every_rule_of_the_page_has_a_phrase() -> None:
    """The ids are those of the page of rules, each once."""
    page = (ROOT / "docs" / "reference" / "semantics.md").read_text(encoding="utf-8")
    ids = re.findall(r"^- \*\*([A-Z]\d+)\*\*", page, re.MULTILINE)

    assert set(locale("en").rules) == set(ids)


def test_reasons_are_translated_and_those_of_a_host_stay() -> None:
    """The table before the colon stays, `no <column>` has a form of its own, what is unknown passes through."""
    zh = locale("zh")

    assert zh.reason("denominator is zero") == "分母为零"
    assert zh.reason("opportunity: unpriced") == "opportunity: 无金额"
    assert zh.reason("no closed_at") == "缺少 closed_at"
    assert zh.reason("opportunity: no rate") == "opportunity: 无汇率"
    assert zh.reason("too hot") == "too hot"
    assert locale("en").reason("no closed_at") == "no closed_at"


def test_an_unknown_language_is_refused() -> None:
    """The message lists the languages there are."""
    with pytest.raises(ArgumentError, match="no language 'de'; there are en, zh"):
        locale("de")
