"""Data files that are missing, cut off, or not what they seem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Project, Refuses

pytestmark = pytest.mark.slow

FILE = "data/cells.csv"


def repeat_a_name(text: str) -> bytes:
    return text.replace("mean_texture", "mean_radius", 1).encode()


def add_a_value(text: str) -> bytes:
    lines = text.splitlines()
    return "\n".join([*lines[:5], lines[5] + ",9", *lines[6:]]).encode()


def cut_off(text: str) -> bytes:
    return text[: len(text) // 2].rpartition(",")[0].encode()


DAMAGES: dict[str, Callable[[str], bytes]] = {
    "empty": lambda _: b"",
    "utf-16": lambda text: text.encode("utf-16"),
    "latin-1": lambda text: text.replace("mean_radius", "größe", 1).encode("latin-1"),
    "duplicate-header": repeat_a_name,
    "ragged-row": add_a_value,
    "cut-off": cut_off,
    "open-quote": lambda text: text.replace("\n", '\n"', 1).encode(),
    "nul": lambda text: text.replace("\n", "\n\0", 1).encode(),
    "compressed": lambda _: b"\x1f\x8b\x08\x00" + bytes(range(256)),
}


def damage(path: Path, change: Callable[[str], bytes]) -> None:
    path.write_bytes(change(path.read_text()))


@pytest.mark.parametrize("name", DAMAGES)
def test_file__that_cannot_be_read(fresh: Project, refuses: Refuses, name: str) -> None:
    damage(fresh.folder / FILE, DAMAGES[name])
    refuses(fresh, "validate", "cells", exit_code=1, told=f"data-{name}")


def test_file__that_cannot_be_read_stops_the_check_before_training(released: Project, refuses: Refuses) -> None:
    damage(released.folder / FILE, DAMAGES["ragged-row"])
    refuses(released, "check", exit_code=1, told="data-ragged-row-check")


def test_file__without_rows_breaks_its_contract(released: Project, refuses: Refuses) -> None:
    damage(released.folder / FILE, lambda text: text.encode().splitlines(keepends=True)[0])
    refuses(released, "check", exit_code=1, told="data-no-rows")


@pytest.mark.parametrize("verb", ["validate", "train", "check"])
def test_file__that_is_missing(released: Project, refuses: Refuses, verb: str) -> None:
    (released.folder / FILE).unlink()
    refuses(released, verb, exit_code=2, told=f"data-missing-{verb}")


def test_evaluation_set__that_is_missing_in_head(released: Project, refuses: Refuses) -> None:
    (released.folder / "data" / "holdout.csv").unlink()
    refuses(released, "check", exit_code=2, told="data-missing-holdout")


def test_file__that_git_ignores_is_no_input(fresh: Project, refuses: Refuses) -> None:
    fresh.git("rm", "--quiet", "--cached", FILE)
    (fresh.folder / ".gitignore").write_text("data/cells.csv\n")
    fresh.commit()
    refuses(fresh, "train", exit_code=2, told="data-ignored")


def test_file__that_is_a_link_is_not_followed(released: Project, refuses: Refuses) -> None:
    (released.folder / FILE).unlink()
    (released.folder / FILE).symlink_to("/etc/passwd")
    refuses(released, "check", exit_code=4, told="data-link")


def test_file__that_is_a_folder(released: Project, refuses: Refuses) -> None:
    (released.folder / FILE).unlink()
    (released.folder / FILE).mkdir()
    refuses(released, "validate", "cells", exit_code=2, told="data-folder")


def test_data_set__that_is_not_listed(fresh: Project, refuses: Refuses) -> None:
    refuses(fresh, "validate", "sells", exit_code=2, told="data-unknown")


def test_byte_order_mark__is_simply_read(fresh: Project) -> None:
    damage(fresh.folder / FILE, lambda text: text.encode("utf-8-sig"))
    ended = fresh.mlci("validate", "cells")
    assert (ended.exit_code, ended.out) == (0, "cells (data/cells.csv, 284 rows): as the contract says\n")


def rows_of(project: Project, encoding: str) -> str:
    """Write two rows beside the repository, and return their path."""
    lines = (project.folder / "data" / "holdout.csv").read_text().splitlines(keepends=True)
    (project.place / "rows.csv").write_text("".join(lines[:3]), encoding=encoding)
    return "../rows.csv"


def test_byte_order_mark__changes_no_prediction(released: Project) -> None:
    plain = released.mlci("predict", "v1.0.0", rows_of(released, "utf-8"))
    marked = released.mlci("predict", "v1.0.0", rows_of(released, "utf-8-sig"))
    assert (plain.exit_code, plain.out.count("\n"), marked) == (0, 3, plain)


def test_rows__that_are_not_there(released: Project, refuses: Refuses) -> None:
    refuses(released, "predict", "v1.0.0", "rows.csv", exit_code=2, told="rows-missing")


def test_rows__without_the_columns_of_the_model(released: Project, refuses: Refuses) -> None:
    (released.place / "rows.csv").write_text("mean_radius,colour\n14.1,red\n")
    refuses(released, "predict", "v1.0.0", "../rows.csv", exit_code=2, told="rows-column-missing")


def test_rows__with_words_for_numbers(released: Project, refuses: Refuses) -> None:
    rows = (released.folder / "data" / "holdout.csv").read_text().splitlines()[:2]
    values = rows[1].split(",")
    values[1] = "large"
    (released.place / "rows.csv").write_text(f"{rows[0]}\n{','.join(values)}\n")
    refuses(released, "predict", "v1.0.0", "../rows.csv", exit_code=2, told="rows-words")


def test_rows__of_which_there_are_none(released: Project, refuses: Refuses) -> None:
    header = (released.folder / "data" / "holdout.csv").read_text().splitlines()[0]
    (released.place / "rows.csv").write_text(f"{header}\n")
    refuses(released, "predict", "v1.0.0", "../rows.csv", exit_code=2, told="rows-none")


def test_rows__with_a_gap_that_the_model_does_not_fill(released: Project, refuses: Refuses) -> None:
    rows = (released.folder / "data" / "holdout.csv").read_text().splitlines()[:3]
    values = rows[2].split(",")
    values[1] = ""
    (released.place / "rows.csv").write_text("\n".join([*rows[:2], ",".join(values)]) + "\n")
    refuses(released, "predict", "v1.0.0", "../rows.csv", exit_code=2, told="rows-gap")


def test_rows__that_are_no_csv(released: Project, refuses: Refuses) -> None:
    (released.place / "rows.csv").write_text("id;mean_radius\n1;2\n")
    refuses(released, "predict", "v1.0.0", "../rows.csv", exit_code=2, told="rows-semicolons")


def test_rows__named_before_the_model(released: Project, refuses: Refuses) -> None:
    refuses(released, "predict", "data/holdout.csv", "v1.0.0", exit_code=2, told="rows-before-the-model")


def test_rows__in_a_folder(released: Project, refuses: Refuses) -> None:
    refuses(released, "predict", "v1.0.0", "data", exit_code=2, told="rows-folder")
