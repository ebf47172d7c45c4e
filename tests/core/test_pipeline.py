from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.pipeline import Pointer, Stage, locked_stages, made_by, read_pointer, stages_sentence, told_stages

PIPELINE = b"""\
stages:
  prepare:
    cmd: python prepare.py
    deps: [raw.csv]
    outs: [./cells.csv, "out-${name}.csv"]
  fit:
    cmd: python fit.py
    params: [C]
    outs:
      - model.skops: {persist: true}
    metrics: [{metrics.json: {cache: false}}]
    plots: [plots/]
  many:
    foreach: [1, 2]
    do: {cmd: "x ${item}", outs: [fixed.txt]}
"""
LOCK = b"""\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps: [{path: raw.csv, hash: md5, md5: b026324c6904b2a9cb4b88d6d61c81d1, size: 2}]
    outs: [{path: ./cells.csv, hash: md5, md5: 26ab0db90d72e28ad0ba1e22ee510510, size: 2}, {path: odd}, odd]
  fit: {cmd: python fit.py}
"""
RAW_MD5, CELLS_MD5 = "b026324c6904b2a9cb4b88d6d61c81d1", "26ab0db90d72e28ad0ba1e22ee510510"
LOG = """\
Pulling data for stage: 'prepare'
Stage 'prepare' didn't change, skipping
Running stage 'fit':
> python fit.py
Running stage 'fit'? No.
Stage 'plot' is cached - skipping run, checking out outputs
""".splitlines()


def test_made_by__is_what_stages_write_as_far_as_it_is_written_out() -> None:
    assert made_by(PIPELINE) == {
        "cells.csv", "model.skops", "metrics.json", "plots", "fixed.txt", "dvc.lock",
    }  # fmt: skip


def test_locked_stages__have_what_they_read_and_made() -> None:
    assert locked_stages(LOCK) == (
        Stage("prepare", {"raw.csv": RAW_MD5}, {"cells.csv": CELLS_MD5}),
        Stage("fit"),
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"[1]", b"stages: [1]", b"stages: {a: 1}", b"{", b"\x00", b"- " * 9_000]
)
def test_files__that_are_not_dvcs_say_nothing(content: bytes | None) -> None:
    assert (made_by(content), locked_stages(content), read_pointer(content)) == (frozenset({"dvc.lock"}), (), None)


def test_files__that_multiply_by_merging_stay_small() -> None:
    levels = "".join(
        f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], k{level}: 1}}\n" for level in range(1, 40)
    )
    began = time.process_time()
    assert made_by(f"a0: &a0 {{x: 1}}\n{levels}stages: {{}}\n".encode()) == {"dvc.lock"}
    assert time.process_time() - began < 5


@given(st.binary(max_size=200))
def test_files__of_any_content_are_read_without_an_error(content: bytes) -> None:
    assert "dvc.lock" in made_by(content)
    assert read_pointer(content) is None or content


def test_pointer__stands_for_one_file() -> None:
    content = b"outs:\n- md5: b026324c6904b2a9cb4b88d6d61c81d1\n  size: 2\n  hash: md5\n  path: model.skops\n"
    assert read_pointer(content) == Pointer("model.skops", "b026324c6904b2a9cb4b88d6d61c81d1", 2)
    assert read_pointer(content.replace(b"c81d1", b"c81d1.dir")) is None


def test_told_stages__are_what_dvc_says() -> None:
    assert told_stages(LOG) == {"prepare": "unchanged", "fit": "ran", "plot": "from the run cache"}


def test_sentence__says_what_ran_and_what_did_not() -> None:
    assert stages_sentence(told_stages(LOG)) == (
        "1 of 3 stages ran: fit; unchanged: prepare; from the run cache: plot"
    )  # fmt: skip
    assert stages_sentence(dict.fromkeys(map(str, range(12)), "unchanged")) == (
        "0 of 12 stages ran; unchanged: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    )
