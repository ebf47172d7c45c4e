"""How the columns with answers are called in what people hand in: as `mlci predict` writes them, or as they say.

`evaluate.prediction` is head's, for a file of head's is read by it and nothing else: whoever names another column of it
could have written other numbers into the first. Packages hold answers under our names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlci.core.evidence_level import Level
    from mlci.core.metrics import Task

PROBABILITY: Final = "probability"
OF_CLASS: Final = f"{PROBABILITY}_"
"""Stands before the name of a class, of several."""
NUMBER: Final = "prediction"
OF_LEVEL: Final = "quantile_"
"""Stands before the level of a quantile, of several."""
STAR: Final = "*"
"""Stands for the name of a class in what a column is called."""
OF_SEVERAL: Final[Mapping[Task, str]] = {"multiclass": "class", "multilabel": "label", "quantile": "quantile"}
"""Tasks that may have several answers a row, and what each is of."""


def word_before(task: Task) -> str:
    """Return what stands before the name of each of several answers of a TASK."""
    return OF_LEVEL if task == "quantile" else OF_CLASS


def ours(name: str, said: str | None, one: str, each: str = OF_CLASS) -> str | None:
    """Return how we call the column NAME, where its owner has SAID how answers are called; None where it holds none.

    ONE is our name for answers of a single column; a star in what was said stands for the name of a class, before
    which we write EACH.

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
    return each + name[len(before) : len(name) - len(after)] if is_one else None


def by_our_names(names: Iterable[str], said: str | None, one: str, each: str = OF_CLASS) -> dict[str, str]:
    """Return the columns of NAMES that may hold answers, by our names for them; see `ours`."""
    found = ((ours(name, said, one, each), name) for name in names)
    return {our_name: name for our_name, name in found if our_name is not None}


def theirs(our_name: str, said: str | None) -> str:
    """Return how the owner calls the column that is OUR_NAME.

    >>> theirs("probability_late", "p(*)"), theirs("probability", "y_hat"), theirs("probability", None)
    ('p(late)', 'y_hat', 'probability')
    """
    word = OF_LEVEL if our_name.startswith(OF_LEVEL) else OF_CLASS
    return our_name if said is None else said.replace(STAR, our_name.removeprefix(word), 1)


def misnamed(said: str, task: Task, level: Level, used: Iterable[str], *, has_levels: bool = False) -> str | None:
    """Return why answers of a TASK cannot be called as SAID, in words; None where they can.

    USED are the columns that `evaluate` names for something else; HAS_LEVELS says whether a row has several quantiles.
    """
    if level != "predictions":
        return f"of {level} no answer is read; leave prediction: out"
    if said in used:
        return f"{said} is used for something else; prediction: names the column with the answers"
    if task not in OF_SEVERAL or (task == "quantile" and not has_levels):
        return f"a {task} task has one column of answers; leave the {STAR} out" if STAR in said else None
    if said.count(STAR) != 1:
        return (
            f"a {task} task has an answer for each {OF_SEVERAL[task]}: write one {STAR} where its name stands, "
            f"as in score_{STAR}"
        )
    return None
