"""Labels: what metrics are called in a language that they have no name in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from ..errors import DefinitionError
from ..toml import parsed

__all__ = ["Labels"]

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KEYS = ("language", "names", "summaries")


def _texts(given: Any) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise DefinitionError(f"Labels takes a mapping from a metric's name to a text, got {given!r}")
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str) or not text.strip():
            raise DefinitionError(f"Labels: {name!r} is called {text!r}, which is no text")
    return MappingProxyType(dict(given))


def _tag(given: Any) -> str:
    if not isinstance(given, str) or not _TAG.fullmatch(given):
        raise DefinitionError(f"a language is a tag such as 'de' or 'pt-BR', got {given!r}")
    return given


@attrs.frozen(slots=True)
class Labels:
    """Names of metrics in one language.

    Args:
        language: its tag: "de", "fr", "pt-BR".
        names: metric -> its name.
        summaries: metric -> its definition in one sentence.

    Raises:
        DefinitionError: a tag that is none, or a name that is no text.
    """

    language: str = attrs.field(converter=_tag)
    names: Mapping[str, str] = attrs.field(factory=dict, converter=_texts, kw_only=True)
    summaries: Mapping[str, str] = attrs.field(factory=dict, converter=_texts, kw_only=True)

    @classmethod
    def load(cls, path: str | Path) -> Labels:
        """Return the labels in a TOML file: `language = "de"`, and the tables `[names]` and `[summaries]`.

        Raises:
            DefinitionError: a file that cannot be read or says something else.
        """
        file = Path(path)
        try:
            found = parsed(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DefinitionError(f"labels {file.name!r} cannot be read: {error}") from None
        for key in found:
            if key not in _KEYS:
                near = get_close_matches(key, _KEYS, n=1)
                raise DefinitionError(
                    f"labels {file.name!r}: no key {key!r}; "
                    + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_KEYS)}")
                )
        try:
            return cls(found.get("language", ""), names=found.get("names", {}), summaries=found.get("summaries", {}))
        except DefinitionError as error:
            raise DefinitionError(f"labels {file.name!r}: {error}") from None
