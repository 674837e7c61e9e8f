"""Metrics from a Python file: every `Metric` that the module defines at its top level."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from ..errors import ArgumentError, DefinitionError
from ..metric import Metric

__all__ = ["metrics_in"]


def metrics_in(path: str | Path) -> tuple[Metric, ...]:
    """Return the metrics that the Python file at `path` defines, in order. The file is executed.

    Raises:
        ArgumentError: no such file, or a file that cannot be executed.
        DefinitionError: the file defines no metric.
    """
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(f"no file {str(path)!r} with metrics")
    spec = spec_from_file_location(f"crmcore_metrics_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{str(path)!r} is no Python file")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ArgumentError(
            f"{str(path)!r} cannot be executed: {type(error).__name__}: {error}", path=str(path)
        ) from error
    listed = getattr(module, "METRICS", None)
    found = tuple(listed) if listed is not None else tuple(v for v in vars(module).values() if isinstance(v, Metric))
    if not found or not all(isinstance(m, Metric) for m in found):
        raise DefinitionError(
            f"{str(path)!r} defines no metric; write `loss_rate = crmcore.Metric(...)` at its top level"
        )
    return found
