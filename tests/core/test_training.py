from __future__ import annotations

from mlci.core.training import variables
from tests.core.configurations import a_config


def test_variables__tell_where_things_lie() -> None:
    given = variables(a_config(), {"blood-cells": "/place/data/cells.csv"}, "/place")
    assert given["MLCI_DATA_BLOOD_CELLS"] == "/place/data/cells.csv"
    assert (given["MLCI_OUTPUT"].startswith("/place/"), given["MLCI_SEED"]) == (True, "0")
