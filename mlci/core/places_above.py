"""Places outside of the folder of `mlci.yaml`, as paths from the top of its repository and back."""

from __future__ import annotations

from posixpath import relpath
from typing import TYPE_CHECKING

from mlci.core.listed_code import may_be_of_environments
from mlci.core.names import ABOVE

if TYPE_CHECKING:
    from collections.abc import Iterable


def at_root(places: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Return PLACES, which begin with `../` as seen from the folder PREFIX, as seen from the top; none lies above that.

    >>> at_root(["../shared", "../*", "../../*", "../../../x", "../../"], "models/churn/")
    ('models/shared', 'models/*', '*', '')
    """
    folders = prefix.split("/")[:-1]
    found = []
    for place in places:
        rest, height = place, 0
        while rest.startswith(ABOVE):
            rest, height = rest.removeprefix(ABOVE), height + 1
        if 0 < height <= len(folders):
            found.append("/".join((*folders[: len(folders) - height], rest)).rstrip("/"))
    return tuple(dict.fromkeys(found))


def seen_from(path: str, prefix: str) -> str:
    """Return a PATH from the top of the repository as it is seen from the folder PREFIX.

    >>> seen_from("models/shared/a.py", "models/churn/")
    '../shared/a.py'
    """
    return relpath(path, prefix.rstrip("/") or ".")


def is_of_environments(place: str) -> bool:
    """Tell whether PLACE stands for the files of a folder that may say what an environment holds, and not for itself.

    >>> is_of_environments("models/*"), is_of_environments("*"), is_of_environments("models/a*")
    (True, True, False)
    """
    return place.rpartition("/")[2] == "*"


def lies_at(path: str, place: str) -> bool:
    """Tell whether PATH is PLACE, lies below it, or, where it ends in `*`, directly in its folder and may be a lock.

    >>> lies_at("models/uv.lock", "models/*"), lies_at("models/churn/uv.lock", "models/*"), lies_at("a.py", "*")
    (True, False, False)
    >>> lies_at("shared/a.py", "shared"), lies_at("a.py", ""), lies_at("shared.py", "shared")
    (True, True, False)
    """
    if is_of_environments(place):
        folder, _, name = path.rpartition("/")
        return may_be_of_environments(name) and folder == place.removesuffix("*").rstrip("/")
    return place in {"", path} or path.startswith(f"{place}/")
