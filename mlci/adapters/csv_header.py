"""What the names in the header of a CSV file tell about its form."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from mlci.core.contract.part import LONGEST_COLUMN_NAME
from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.data_format import CsvFormat

DELIMITER_WORDS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


class HeaderProblem(NamedTuple):
    """Why no data can be read below these names."""

    problem: str
    cause: str | None = None
    hint: str | None = None


def problem_of_names(names: Sequence[str], form: CsvFormat) -> HeaderProblem | None:
    """Return what is wrong with NAMES, read as FORM says; None where nothing is."""
    if names == [""]:
        return HeaderProblem("the first line, the header, is empty", hint="Let the first line name the columns.")
    other = next((mark for mark in DELIMITER_WORDS if mark in names[0]), None) if len(names) == 1 else None
    if other is not None:
        return HeaderProblem(
            f"the header has no {DELIMITER_WORDS[form.delimiter]}",
            f"The values are parted by {DELIMITER_WORDS[other]}s.",
            f"Say so in mlci.yaml: format: {{csv: {{delimiter: {json.dumps(other)}}}}}",
        )
    first: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name in first:
            shown = f"`{one_line(name, 80)}`" if name else "without a name"
            problem = f"column {number} is named as column {first[name]}: {shown}"
            return HeaderProblem(problem, hint="Rename one of them.")
        first[name] = number
        if len(name) > LONGEST_COLUMN_NAME or any(unicodedata.category(each) == "Cc" for each in name):
            return HeaderProblem(
                f"the name of column {number} has more than {LONGEST_COLUMN_NAME} characters or a line break",
                "The header is missing, or a quote opens in it and closes later.",
            )
    return None
