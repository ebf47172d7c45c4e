from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.config import Config, read_data_config
from mlci.core.configuration_file import model_name
from mlci.core.names import NAME

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/mlci.yaml"))
"""One of them, rows-only, speaks of data alone."""


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_model_name__is_what_the_whole_reader_reads(file: Path) -> None:
    text = file.read_bytes()
    config = read_data_config(text)
    assert model_name(text) == (config.model.name if isinstance(config, Config) else None)


def test_model_name__a_mistake_elsewhere_is_none_of_its_business() -> None:
    assert model_name(b"version: 1\nmodel: {name: tumour, task: nonsense}\ngates: 3\nunknown: [\n  x]\n") == "tumour"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 1\nmodel: [",
        "version: 2\nmodel: {name: tumour}",
        "version: true\nmodel: {name: tumour}",
        "version: 1.0\nmodel: {name: tumour}",
        "model: {name: tumour}",
        "version: 1\ndata: {cells: {path: cells.csv}}",
        "version: 1\nmodel: tumour",
        "version: 1\nmodel: {task: binary}",
        "version: 1\nmodel: {name: 3}",
        "version: 1\nmodel: {name: ../tumour}",
        "version: 1\nmodel: {name: tumour, name: lung}",
        "version: 1\nmodel: &m {name: tumour}",
        "[version, model]",
    ],
)
def test_model_name__there_is_none_to_be_had(text: str) -> None:
    assert model_name(text.encode()) is None


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"version: 1\nmodel: {{name: {text}}}".encode()))
def test_model_name__of_anything_is_a_name_or_none(text: bytes) -> None:
    found = model_name(text)
    assert found is None or NAME.fullmatch(found)
