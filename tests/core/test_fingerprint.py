from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.canonical import canonical_json, canonical_sha256
from mlci.core.fingerprint import code_paths, fingerprint, left_out
from mlci.errors import UsageError
from tests.core.configurations import a_config

if TYPE_CHECKING:
    from mlci.core.config import Config

CONFIG = a_config()
IDS = {
    "LICENSE": "01",
    "README.md": "02",
    "contracts/cells.yaml": "03",
    "data/cells.csv": "04",
    "data/holdout.csv": "05",
    "docs/guide/index.html": "06",
    "features/steps.py": "07",
    "features/test_steps.py": "08",
    "mlci.yaml": "09",
    "params.yaml": "10",
    "tests/conftest.py": "11",
    "train.py": "12",
    ".gitignore": "13",
    ".github/workflows/ci.yml": "14",
    ".mlci/candidate/model.skops": "15",
}

NEVER = (
    ".github/workflows/ci.yml", ".gitignore", ".mlci/candidate/model.skops", "contracts/cells.yaml", "data/cells.csv",
    "data/holdout.csv", "mlci.yaml", "params.yaml",
)  # fmt: skip
"""What no list makes code."""


def digest(config: Config = CONFIG, *, changed: str | None = None) -> str:
    return fingerprint(config, IDS | ({changed: "ff"} if changed else {})).digest


def test_fingerprint__names_all_inputs() -> None:
    found = fingerprint(CONFIG, IDS)
    assert found.to_dict() == {
        "command": "python train.py",
        "model": "model.skops",
        "code": canonical_sha256({"features/steps.py": "07", "train.py": "12"}),
        "data": {"cells": "04"},
        "params": "10",
        "packaging": found.packaging,
    }
    assert found.digest == canonical_sha256(found.to_dict())


@pytest.mark.parametrize(
    ("edits", "pinned"),
    [
        ((), "6ac6c60ff6264f6633cb4070560469401cb6a17c207c17f0e7defe6f47fe619f"),
        (
            (
                ("data:\n", "environment: {install: uv}\ndata:\n"),
                ("model: model.skops}", "model: model.pkl, convert: onnx}"),
                ("positive: 1}", "positive: 1, threshold: 0.4, weight: cost, group: patient, slices: [size_band]}"),
            ),
            "320ee0a88af5f964e7e7294e3603718185e1fb994a379b3c0aeebb5e32a891ae",
        ),
    ],
)
def test_fingerprint__of_an_unchanged_project_is_that_of_earlier_versions(
    edits: tuple[tuple[str, str], ...], pinned: str
) -> None:
    # Registries hold these digests: a new key is left out of what is hashed for as long as nothing is said of it.
    assert digest(a_config(*edits)) == pinned


@pytest.mark.parametrize(
    "path", ["train.py", "features/steps.py", "data/cells.csv", "params.yaml", "new.py", "Makefile"]
)
def test_fingerprint__changes_with_every_input(path: str) -> None:
    assert digest(changed=path) != digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("run: python train.py", "run: python train.py --fast"),
        ("model: model.skops", "model: out/model.skops"),
        ("data: [cells]", "data: [cells, holdout]"),
        ("data: [cells]", "data: [holdout]"),
        ("params: params.yaml, ", ""),
        ("model: model.skops", "model: model.skops, convert: onnx"),
    ],
)
def test_fingerprint__changes_with_the_command_and_what_it_reads(old: str, new: str) -> None:
    assert digest(a_config((old, new))) != digest()


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "README.md",
        "data/holdout.csv",
        "docs/guide/index.html",
        "features/test_steps.py",
        "mlci.yaml",
        "tests/conftest.py",
        ".gitignore",
        ".github/workflows/ci.yml",
        ".mlci/candidate/model.skops",
        "model.skops",
        "features/NOTES.md",
    ],
)
def test_fingerprint__does_not_change_with_what_no_training_reads(path: str) -> None:
    assert digest(changed=path) == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("margin: 0.02", "margin: 0.3"),
        ("directory: ../models", "directory: ../store"),
    ],
)
def test_fingerprint__does_not_change_with_the_rules(old: str, new: str) -> None:
    assert digest(a_config((old, new))) == digest()


@pytest.mark.parametrize(("old", "new"), [("positive: 1", "positive: 0"), ("objective: Find", "objective: Seek")])
def test_fingerprint__what_only_the_package_holds_needs_no_training(old: str, new: str) -> None:
    before, after = fingerprint(CONFIG, IDS), fingerprint(a_config((old, new)), IDS)
    assert (before.training == after.training, before.digest == after.digest) == (True, False)


def test_fingerprint__another_contract_needs_no_training() -> None:
    before, after = fingerprint(CONFIG, IDS), fingerprint(CONFIG, IDS | {"contracts/cells.yaml": "99"})
    assert (before.training == after.training, before.digest == after.digest) == (True, False)


def test_fingerprint__a_moved_file_is_other_code() -> None:
    moved = {path: number for path, number in IDS.items() if path != "train.py"} | {"fit.py": IDS["train.py"]}
    assert fingerprint(CONFIG, moved).digest != digest()


def test_fingerprint__says_what_is_missing() -> None:
    found = fingerprint(CONFIG, {"train.py": "12"})
    assert (found.data, found.params) == ({"cells": "missing"}, "missing")


@given(st.permutations(list(IDS)))
def test_fingerprint__does_not_depend_on_the_order_of_the_paths(paths: list[str]) -> None:
    assert fingerprint(CONFIG, {path: IDS[path] for path in paths}).digest == digest()


def test_code_paths__are_what_is_neither_data_nor_prose_nor_tests() -> None:
    assert code_paths(CONFIG, IDS) == ("features/steps.py", "train.py")


def test_code_paths__what_is_only_listed_as_data_may_be_code() -> None:
    config = a_config(("data:\n", "data:\n  sly: {path: train.py}\n"))
    assert code_paths(config, IDS) == ("features/steps.py", "train.py")


def test_code_paths__what_the_command_names_is_code_wherever_it_lies() -> None:
    config = a_config(("python train.py", "python ./tests/train.py"))
    assert code_paths(config, IDS | {"tests/train.py": "17"}) == ("features/steps.py", "tests/train.py", "train.py")
    unclosed = a_config(("python train.py", "python 'tests/train.py"))
    assert "tests/train.py" not in code_paths(unclosed, IDS | {"tests/train.py": "17"})


def test_code_paths__a_contract_and_parameters_anywhere_are_not_code() -> None:
    config = a_config(("contract: contracts/cells.yaml", "contract: rules/cells.yaml"), ("params.yaml", "conf/p.yaml"))
    ids = {"rules/cells.yaml": "1", "conf/p.yaml": "2", "conf/q.yaml": "3"}
    assert code_paths(config, ids) == ("conf/q.yaml",)


def test_canonical_json__a_path_that_is_not_utf_8_keeps_its_bytes() -> None:
    path = b"na\xefve.py".decode(errors="surrogateescape")
    assert canonical_json({path: 1}) == b'{"na\xefve.py":1}'
    assert fingerprint(CONFIG, IDS | {path: "16"}).digest != digest()


def test_canonical_json__refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        canonical_json(float("nan"))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_canonical_json__is_one_text_for_one_value(value: dict[str, object]) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(dict(reversed(value.items()))) == text
    assert canonical_json(json.loads(text)) == text


def listing(*entries: str, changes: tuple[tuple[str, str], ...] = ()) -> Config:
    return a_config(("run: python train.py", f"run: python train.py, code: [{', '.join(entries)}]"), *changes)


@pytest.mark.parametrize(
    ("entries", "paths"),
    [
        (("train.py",), ("train.py",)),
        (("features",), ("features/steps.py", "features/test_steps.py", "train.py")),
        (('"features/s*.py"',), ("features/steps.py", "train.py")),
        (("docs",), ("docs/guide/index.html", "train.py")),
        (("data", "params.yaml", "contracts"), ("train.py",)),
        (('"**/*"',), tuple(sorted({*IDS} - {*NEVER}))),
    ],
)
def test_code_paths__are_those_that_a_list_names_and_what_the_command_does(
    entries: tuple[str, ...], paths: tuple[str, ...]
) -> None:
    assert code_paths(listing(*entries), IDS) == paths


def test_code_paths__locks_of_an_environment_and_a_pipeline_count_in_any_case() -> None:
    ids = IDS | dict.fromkeys(("uv.lock", "conf/base-requirements.in", "environment.yml", "other.txt"), "77")
    for install, more in (
        ("uv", ("conf/base-requirements.in", "uv.lock")),
        ("sh make.sh environment.yml", ("conf/base-requirements.in", "environment.yml", "uv.lock")),
    ):
        config = listing("train.py", changes=(("data:\n", f"environment: {{install: {install}}}\ndata:\n"),))
        assert code_paths(config, ids) == tuple(sorted(("train.py", *more)))


def test_fingerprint__a_file_that_no_list_names_changes_nothing() -> None:
    config = listing("train.py")
    assert digest(config, changed="features/steps.py") == digest(config)
    assert digest(config, changed="train.py") != digest(config)


def test_left_out__is_what_the_rules_call_code_and_a_branch_does_not() -> None:
    assert left_out(CONFIG, listing("train.py"), IDS, frozenset()) == ()
    assert left_out(listing("train.py"), listing("train.py"), IDS, frozenset()) == ()
    assert left_out(listing("train.py"), CONFIG, IDS, frozenset()) == ("features/steps.py",)
    assert left_out(listing("features"), listing("docs", "train.py"), IDS, frozenset()) == ("docs/guide/index.html",)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ((), "at least 1"),
        (("a/../../b",), "without `..`"),
        (('"src/[z-a].py"',), "says which signs may stand there"),
    ],
)
def test_code__what_names_no_file_of_the_repository_is_refused(entries: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        listing(*entries)
    assert problem in caught.value.problem
