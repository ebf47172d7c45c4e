"""MLOps in the pull request, with no server to run."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, which `mlci --version` need not load
if TYPE_CHECKING:
    from mlci.api import log_artifact, log_metric, log_params, save_model
    from mlci.notebook import compare

__all__ = ["compare", "log_artifact", "log_metric", "log_params", "save_model"]


def __getattr__(name: str) -> object:
    """Load what a script or a notebook uses when it uses it: `import mlci` alone loads nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    function: object = getattr(import_module("mlci.notebook" if name == "compare" else "mlci.api"), name)
    globals()[name] = function
    return function
