"""Places outside of the folder of `mlci.yaml`, as paths from the top of its repository and back."""

from __future__ import annotations

from posixpath import relpath
from typing import TYPE_CHECKING

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


def lies_at(path: str, place: str) -> bool:
    """Tell whether PATH is PLACE, lies below it, or directly in its folder where it ends in `*`.

    >>> lies_at("models/uv.lock", "models/*"), lies_at("models/churn/uv.lock", "models/*"), lies_at("uv.lock", "*")
    (True, False, True)
    >>> lies_at("shared/a.py", "shared"), lies_at("a.py", ""), lies_at("shared.py", "shared")
    (True, True, False)
    """
    if place.endswith("*"):
        return path.rpartition("/")[0] == place.removesuffix("*").rstrip("/")
    return place in {"", path} or path.startswith(f"{place}/")
