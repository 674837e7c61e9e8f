"""Files: a fitted scorer, written and read again."""

from __future__ import annotations

import json
import pickle
from hashlib import sha256 as digest_of
from pathlib import Path

import sklearn

from crmcore.errors import ArgumentError, DataError

from .fitted import FittedClassifier

__all__ = ["load", "save"]

FORMAT = "crmcore scikit-learn scorer 1"


def save(scorer: FittedClassifier, path: str | Path) -> str:
    """Write a scorer to a file, and return the SHA-256 by which `load` knows it.

    The first line is JSON that says what it is; what follows is a pickle.

    Raises:
        ArgumentError: something else than a scorer of this package.
    """
    if not isinstance(scorer, FittedClassifier):
        raise ArgumentError(f"save() takes a scorer that Workspace.fit made of a Classifier, got {scorer!r}")
    head = {"format": FORMAT, "fingerprint": scorer.fingerprint, **scorer.spec.definition}
    data = json.dumps(head, ensure_ascii=False).encode() + b"\n" + pickle.dumps(scorer, protocol=5)
    Path(path).write_bytes(data)
    return digest_of(data).hexdigest()


def load(path: str | Path, *, sha256: str) -> FittedClassifier:
    """Return the scorer of a file that `save` wrote.

    Reading a pickle runs what is in it. So nothing is read but the very bytes whose digest is given.

    Raises:
        DataError: a file that is not there, is another one, or was written by another version of scikit-learn.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"no scorer can be read from {str(path)!r}: {error.strerror}") from None
    found = digest_of(data).hexdigest()
    if found != sha256:
        raise DataError(
            f"{str(path)!r} is not the file that is meant: its SHA-256 is {found}, not {sha256!r}; nothing of it was run"
        )
    head, _, body = data.partition(b"\n")
    try:
        facts = json.loads(head)
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise DataError(f"{str(path)!r} is no file of save(): its first line says no format {FORMAT!r}")
    if facts["scikit-learn"] != sklearn.__version__:
        raise DataError(
            f"{str(path)!r} was written with scikit-learn {facts['scikit-learn']}, and {sklearn.__version__} is installed, "
            "which may read it otherwise; fit the scorer anew"
        )
    scorer = pickle.loads(body)  # noqa: S301 - the digest says that it is the file that was meant
    if not isinstance(scorer, FittedClassifier) or scorer.fingerprint != facts["fingerprint"]:
        raise DataError(f"{str(path)!r} does not hold the scorer that its first line says")
    return scorer
