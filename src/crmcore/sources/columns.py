"""Text columns of a block, as lists or as pyarrow arrays: the few things that are done to them before they are parsed."""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np

from ..table.column import Mask

__all__ = ["Texts", "as_list", "blank_where", "is_among", "only"]

Texts = Any
"""A column of texts: list[str], or a pyarrow array of strings."""


def as_list(texts: Texts) -> list[str]:
    """Return the texts as a list."""
    return texts if isinstance(texts, list) else texts.to_pylist()


def only(texts: Texts, mask: Mask) -> Texts:
    """Return the texts where the mask is true."""
    if isinstance(texts, list):
        return list(compress(texts, mask.tolist()))
    import pyarrow as pa

    return texts.filter(pa.array(mask))


def blank_where(texts: Texts, mask: Mask) -> Texts:
    """Return the texts, empty where the mask is true."""
    if isinstance(texts, list):
        return ["" if blank else text for text, blank in zip(texts, mask.tolist(), strict=True)]
    import pyarrow as pa
    from pyarrow import compute

    return compute.if_else(pa.array(mask), pa.scalar("", pa.string()), texts)


def is_among(texts: Texts, words: frozenset[str]) -> Mask:
    """Return where a text, without the spaces around it, is one of the words."""
    if isinstance(texts, list):
        return np.array([text.strip() in words for text in texts], bool)
    # few texts differ, and str.strip decides what a space is
    coded = texts.dictionary_encode()
    hits = np.array([text.strip() in words for text in coded.dictionary.to_pylist()], bool)
    return hits[np.asarray(coded.indices)] if len(hits) else np.zeros(len(texts), bool)
