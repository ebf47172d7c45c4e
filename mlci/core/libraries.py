"""Which libraries a model of each format is asked with: a short list, whatever else a package names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "skops": ("numpy", "pandas", "scikit-learn", "scipy", "skops"),
    "onnx": ("numpy", "onnxruntime", "pandas"),
    "xgboost": ("numpy", "pandas", "scipy", "xgboost"),
    "lightgbm": ("lightgbm", "numpy", "pandas", "scipy"),
}
"""What a prediction depends on, by format; a package names their versions."""
FRAMEWORKS: Final[Mapping[str, str]] = {"skops": "scikit-learn", "xgboost": "xgboost", "lightgbm": "lightgbm"}
"""What fits a model of a format, and reads a file of its own version as it was meant."""
_LEAST: Final[Mapping[str, str]] = {"skops": ">=0.13"}
"""What the child that loads models needs of a library that nobody names a version of."""


def pinned(model_format: str, versions: Mapping[str, str]) -> dict[str, str]:
    """Return those of VERSIONS that a model of this format is asked with: none of a format that needs no library.

    >>> pinned("onnx", {"onnxruntime": "1.20.0", "evil": "1.0"})
    {'onnxruntime': '1.20.0'}
    """
    return {name: versions[name] for name in DISTRIBUTIONS.get(model_format, ()) if name in versions}


def requirement_lines(model_format: str, versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return what to install for models of this format, one line each, at VERSIONS as far as they name one.

    >>> requirement_lines("onnx", {"onnxruntime": "1.20.0"})
    ('numpy', 'onnxruntime==1.20.0', 'pandas')
    """
    known = pinned(model_format, versions)
    return tuple(
        f"{name}=={known[name]}" if name in known else name + _LEAST.get(name, "")
        for name in DISTRIBUTIONS[model_format]
    )


def versions_of_training(model_format: str, fitted: str | None, installed: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a model was made with, as far as that is known.

    INSTALLED is what the interpreter of the training has; FITTED is the version of its framework that the model itself
    names, None where it names none. Where they differ, something else than that interpreter made the model.

    >>> versions_of_training("skops", "1.5.2", {"scikit-learn": "1.5.2", "numpy": "1.26.4", "flask": "3.0.0"})
    {'numpy': '1.26.4', 'scikit-learn': '1.5.2'}
    >>> versions_of_training("skops", "1.5.2", {"scikit-learn": "1.7.0", "numpy": "2.2.0"})
    {'scikit-learn': '1.5.2'}
    """
    framework = FRAMEWORKS.get(model_format)
    if framework and fitted is not None and installed.get(framework) != fitted:
        return {framework: fitted}
    return pinned(model_format, installed)
