from __future__ import annotations

import shlex

import pytest

from mlci.adapters.refused_push import branch_in_the_way


@pytest.mark.parametrize("found", ["mlci/registry", "mlci/registry/tumour/x;touch${IFS}y", "mlci/runs/it's&$(id)"])
def test_branch_in_the_way__is_one_word_of_the_command_that_renames_it(found: str) -> None:
    error = branch_in_the_way(found, "mlci/registry/tumour", "the registry")
    fetch = ["git", "fetch", "origin", found, "&&"]
    push = ["git", "push", "origin", "FETCH_HEAD:refs/heads/OTHER", f":refs/heads/{found}"]
    assert shlex.split((error.hint or "").removeprefix("Rename it: ")) == fetch + push
