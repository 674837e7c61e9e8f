"""Locales: the words of our own output, by language. Labels and names of a host pass through untouched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..errors import ArgumentError

__all__ = ["LANGUAGES", "Language", "Locale", "locale"]

LANGUAGES = ("en", "zh")


class Language(str):
    """The tag of a language that plugins bring labels in. What it has no words for is said in English."""

    __slots__ = ()


class Locale(NamedTuple):
    """The words of one language.

    Args:
        words: headings and short sentences, some with places for values in braces.
        reasons: why a number is undefined or a row left out.
        units: unit -> its name.
        better: direction -> what it means.
        rules: rule id -> the rule in a phrase.
        subjects: subject of the catalogue -> its heading.
    """

    words: Mapping[str, str]
    reasons: Mapping[str, str]
    units: Mapping[str, str]
    better: Mapping[str, str]
    rules: Mapping[str, str]
    subjects: Mapping[str, str]

    def reason(self, text: str) -> str:
        """Return a reason in this language; a host's own reason stays as it is, and so does the table before a colon."""
        table, colon, reason = text.rpartition(": ")
        if reason.startswith("no ") and reason not in self.reasons:
            return table + colon + self.words["lacking"].format(what=reason[3:])
        return table + colon + self.reasons.get(reason, reason)


def locale(language: str) -> Locale:
    """Return the words of a language.

    Raises:
        ArgumentError: a language there are no words for; the message lists those there are.
    """
    if language not in LANGUAGES and not isinstance(language, Language):
        raise ArgumentError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
    if language == "zh":
        from . import zh as found
    else:
        from . import en as found  # type: ignore[no-redef]
    return Locale(found.WORDS, found.REASONS, found.UNITS, found.BETTER, found.RULES, found.SUBJECTS)
