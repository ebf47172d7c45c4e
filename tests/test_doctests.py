"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import mlci.core
import mlci.render

MODULES = sorted(
    module.name
    for package in (mlci.core, mlci.render)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples__are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
