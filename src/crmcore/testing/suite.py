"""Suite: what every conformance suite is made of: checks, flags, and failures that are known and say why.

    class TestMyStore(StoreSuite):
        keeps_history = False
        expected_failures = {"test_reopening": "the server forgets on restart"}

A check is a method `test_*`, its docstring the claim that a failure repeats. pytest runs the subclass; it is imported only when a check has to skip or fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import wraps
from typing import Any, ClassVar, TypeVar

from ..errors import ArgumentError

__all__ = ["Flag", "Suite", "flag", "needs", "sentence"]

Check = TypeVar("Check", bound=Callable[..., None])


class Flag:
    """What a subject of a suite can or cannot do; a subclass states it with True or False."""

    def __init__(self, says: str, *, default: bool) -> None:
        self.says = says
        self.default = default

    def __get__(self, suite: Any, owner: type | None = None) -> bool:
        return self.default


def flag(says: str, *, default: bool = True) -> Any:
    """Declare a capability, as an attribute of the suite.

    `keeps_history: bool = flag("able to tell what was")`

    Args:
        says: what it means to have it, in one line.
        default: whether a subject has it that says nothing.
    """
    return Flag(says, default=default)


def needs(*flags: str) -> Callable[[Check], Check]:
    """Mark a check that is skipped where a capability is not there; it stands outermost, above `@given`."""

    def mark(check: Check) -> Check:
        @wraps(check)
        def run(self: Suite, *args: Any, **kwargs: Any) -> None:
            for name in flags:
                if not getattr(self, name):
                    _pytest().skip(f"{name} = False: not {self.flags()[name].says}")
            check(self, *args, **kwargs)

        run._needs = flags  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return mark


class Suite:
    """Checks that a plugin has to pass; subclassed in the author's tests.

    Raises:
        ArgumentError: when a subclass is made: an expected failure of a check, or a flag, that there is not.
    """

    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Check -> why it fails. It is run and has to fail: one that passes after all is a failure."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        checks, flags = cls.checks(), cls.flags()
        reason: Any  # of an author's own making
        for name, reason in cls.expected_failures.items():
            if name not in checks:
                raise ArgumentError(f"{cls.__name__}.expected_failures: {_unknown('check', name, checks)}")
            if not isinstance(reason, str) or not reason.strip():
                raise ArgumentError(
                    f"{cls.__name__}.expected_failures[{name!r}] is the reason in words, got {reason!r}"
                )
        for name, value in vars(cls).items():
            if isinstance(value, bool) and not name.startswith("_") and name not in flags:
                raise ArgumentError(f"{cls.__name__}: {_unknown('flag', name, flags)}")
        for name in checks:
            check = getattr(cls, name)
            for asked in getattr(check, "_needs", ()):
                if asked not in flags:
                    raise ArgumentError(
                        f"{cls.__name__}.{name} needs what is no flag: {_unknown('flag', asked, flags)}"
                    )
            plain = _citing(getattr(check, "_expected_to_fail", check))
            wanted = _failing(plain, cls.expected_failures[name]) if name in cls.expected_failures else plain
            if wanted is not check:
                setattr(cls, name, wanted)

    @classmethod
    def checks(cls) -> tuple[str, ...]:
        """Return the names of the checks."""
        return tuple(n for n in dir(cls) if n.startswith("test_") and callable(getattr(cls, n)))

    @classmethod
    def flags(cls) -> dict[str, Flag]:
        """Return the flags by name."""
        return {n: f for base in reversed(cls.__mro__) for n, f in vars(base).items() if isinstance(f, Flag)}


def _citing(check: Callable[..., None]) -> Callable[..., None]:
    """Return a check whose failure says what it has checked: the first line of its docstring."""
    if getattr(check, "_cites", False):
        return check

    @wraps(check)
    def run(self: Suite, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        try:
            check(self, *args, **kwargs)
        except Exception as error:
            error.add_note(f"{type(self).__name__}.{check.__name__}: {sentence(check)}")
            raise

    run._cites = True  # type: ignore[attr-defined]
    return run


def sentence(check: Callable[..., None]) -> str:
    """Return what a check claims, the first paragraph of its docstring."""
    return " ".join((check.__doc__ or "").strip().split("\n\n")[0].split())


def _failing(check: Callable[..., None], reason: str) -> Callable[..., None]:
    """Return a check that has to fail."""

    @wraps(check)
    def run(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        pytest = _pytest()
        try:
            check(*args, **kwargs)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - however it fails, it is expected to
            pytest.xfail(reason)
        pytest.fail(f"{check.__name__} passes; take it out of expected_failures ({reason})")

    run._expected_to_fail = check  # type: ignore[attr-defined]
    return run


def _unknown(noun: str, name: str, known: Any) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {noun} {name!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
    )


def _pytest() -> Any:
    import pytest

    return pytest
