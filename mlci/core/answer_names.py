"""How the columns with answers are called in what people hand in: as `mlci predict` writes them, or as they say.

`evaluate.prediction` is head's, for a file of head's is read by it and nothing else: whoever names another column of it
could have written other numbers into the first. Packages hold answers under our names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlci.core.evidence_level import Level
    from mlci.core.metrics import Task

PROBABILITY: Final = "probability"
OF_CLASS: Final = f"{PROBABILITY}_"
"""Stands before the name of a class, of several."""
NUMBER: Final = "prediction"
STAR: Final = "*"
"""Stands for the name of a class in what a column is called."""
OF_SEVERAL: Final[frozenset[Task]] = frozenset({"multiclass", "multilabel"})
"""Tasks that have an answer for each of several classes or labels."""


def ours(name: str, said: str | None, one: str) -> str | None:
    """Return how we call the column NAME, where its owner has SAID how answers are called; None where it holds none.

    ONE is our name for answers of a single column; a star in what was said stands for the name of a class.

    >>> ours("y_hat", "y_hat", "prediction"), ours("probability", None, "probability")
    ('prediction', 'probability')
    >>> ours("p(late)", "p(*)", "probability"), ours("site", "p(*)", "probability")
    ('probability_late', None)
    """
    if said is None:
        return name
    before, star, after = said.partition(STAR)
    if not star:
        return one if name == said else None
    is_one = len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return OF_CLASS + name[len(before) : len(name) - len(after)] if is_one else None


def by_our_names(names: Iterable[str], said: str | None, one: str) -> dict[str, str]:
    """Return the columns of NAMES that may hold answers, by our names for them; see `ours`."""
    found = ((ours(name, said, one), name) for name in names)
    return {our_name: name for our_name, name in found if our_name is not None}


def theirs(our_name: str, said: str | None) -> str:
    """Return how the owner calls the column that is OUR_NAME.

    >>> theirs("probability_late", "p(*)"), theirs("probability", "y_hat"), theirs("probability", None)
    ('p(late)', 'y_hat', 'probability')
    """
    return our_name if said is None else said.replace(STAR, our_name.removeprefix(OF_CLASS), 1)


def misnamed(said: str, task: Task, level: Level, used: Iterable[str]) -> str | None:
    """Return why answers of a TASK cannot be called as SAID, in words; None where they can.

    USED are the columns that `evaluate` names for something else.
    """
    if level != "predictions":
        return f"of {level} no answer is read; leave prediction: out"
    if said in used:
        return f"{said} is used for something else; prediction: names the column with the answers"
    if task not in OF_SEVERAL:
        return f"a {task} task has one column of answers; leave the {STAR} out" if STAR in said else None
    if said.count(STAR) != 1:
        each = "label" if task == "multilabel" else "class"
        return (
            f"a {task} task has an answer for each {each}: write one {STAR} where its name stands, as in score_{STAR}"
        )
    return None
