"""Asking a model with the libraries that it was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.libraries import FRAMEWORKS, versions_of_training
from mlci.formats.canonical import fitted_version
from mlci.formats.model_file import read_model
from mlci.formats.recognition import is_pickle, recognised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.ports import Predictor
    from mlci.core.package import Package


def fitting_package(package: Package, predictor: Predictor) -> Predictor:
    """Return what asks the model of PACKAGE with exactly the versions that it names."""
    return predictor.fitting(package.info.format, package.info.requirements)


def fitting_kept(model: bytes, requirements: Mapping[str, str], predictor: Predictor) -> Predictor:
    """Return what asks a MODEL that a run left with these REQUIREMENTS: none where it stays elsewhere."""
    return predictor.fitting(recognised(model), requirements) if requirements else predictor


def fitting_training(model: bytes, installed: Mapping[str, str], predictor: Predictor) -> Predictor:
    """Return what asks a MODEL that was just trained, where INSTALLED stood beside the training command.

    The libraries at hand serve where their framework is of the same version: its package then names what stands beside
    it. Raises what `read_model` raises, and `OutsideError` where other versions cannot be had.
    """
    if is_pickle(model):
        model_format, fitted = "skops", None
    else:
        file = read_model(model)
        model_format, fitted = file.format, fitted_version(file.content) if file.format == "skops" else None
    versions = versions_of_training(model_format, fitted, installed)
    framework = FRAMEWORKS.get(model_format)
    if framework is None or framework not in versions:
        return predictor
    if predictor.installed(model_format).get(framework) == versions[framework]:
        return predictor
    return predictor.fitting(model_format, versions)
