"""MLOps in the pull request, with no server to run."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, which `mlci --version` need not load
if TYPE_CHECKING:
    from mlci.api import log_artifact, log_metric, log_params, save_model

__all__ = ["log_artifact", "log_metric", "log_params", "save_model"]


def __getattr__(name: str) -> object:
    """Load what a training script uses when it uses it: `import mlci` alone loads nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mlci import api  # noqa: PLC0415 - see above

    function: object = getattr(api, name)
    globals()[name] = function
    return function
