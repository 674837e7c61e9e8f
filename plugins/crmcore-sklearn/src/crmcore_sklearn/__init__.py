"""Any scikit-learn classifier as a scorer: calibrated, explained, judged on a split in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

import crmcore as cc

if TYPE_CHECKING:
    from crmcore.scoring import Scorer

    from .classifier import Classifier
    from .files import load, save
    from .fitted import FittedClassifier

__all__ = ["CONFIG", "CRMCORE_API", "Classifier", "FittedClassifier", "crmcore_scorers", "load", "save"]

CRMCORE_API = (1, 0)
_HOMES = {"Classifier": "classifier", "FittedClassifier": "fitted", "load": "files", "save": "files"}


@attrs.frozen
class CONFIG:
    """Settings of the plugin.

    Args:
        models: path of a file that `save` wrote -> the SHA-256 that it gave. A file is run when it is read, so that no
            other file is.
    """

    models: dict[str, str] = attrs.field(factory=dict)


@cc.hookimpl
def crmcore_scorers(config: CONFIG) -> Iterable[Scorer]:
    """Declare the scorers that were saved; without any, scikit-learn is not imported."""
    if not config.models:
        return []
    from .files import load

    return [load(path, sha256=digest) for path, digest in config.models.items()]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found
