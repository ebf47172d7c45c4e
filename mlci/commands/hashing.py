"""`requirements.txt` of a package: with the hashes that the user's lock has of what predicting needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mlci.commands.fitting import fitting_package
from mlci.commands.inputs import input_content, input_ids
from mlci.core.environment import plan
from mlci.core.lock import find_lock, hashed_requirements
from mlci.core.names import ABOVE
from mlci.core.package import REQUIREMENTS_FILE, with_file
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from mlci.commands.ports import Predictor, Tree
    from mlci.core.config import Config
    from mlci.core.lock import Lock
    from mlci.core.package import Package

WITHOUT: Final = b"# Versions without hashes: the project has no lock that holds them for all of what is needed.\n"


def with_hashes(package: Package, config: Config, tree: Tree, predictor: Predictor) -> tuple[Package, str | None]:
    """Return PACKAGE with the hashes of the lock in TREE, which CONFIG describes, beside the versions that it requires.

    It is one beside `mlci.yaml`, else one elsewhere in the repository which the environment of CONFIG is made from.
    Where the lock does not have them all, versions stay as they are, below a warning, and the reason is returned, too;
    no reason where there is no lock. Who holds no model requires nothing.
    """
    if package.level != "model":
        return package, None
    lock = find_lock(tree.ids(), partial(_content, tree)) or _lock_above(config, tree)
    dependencies = fitting_package(package, predictor).dependencies(package.info.format) if lock else {}
    text, reason = hashed_requirements(dependencies, lock) if lock else (None, None)
    content = WITHOUT + package.files[REQUIREMENTS_FILE] if text is None else text.encode()
    return with_file(package, REQUIREMENTS_FILE, content), reason


def _lock_above(config: Config, tree: Tree) -> Lock | None:
    """Return the lock elsewhere in the repository that an environment is made from, None where none is or it has none.

    Which environment a training lacks, training says.
    """
    if config.environment.install is None:
        return None
    try:
        made = plan(config.environment, input_ids(tree, config), partial(_content, tree))
    except UsageError:
        return None
    above = [path for path in made.files if path.startswith(ABOVE)] if made else []
    return find_lock(above, partial(_content, tree), above)


def _content(tree: Tree, path: str) -> bytes | None:
    """Return what a file says; nothing where it is a link, which nobody follows."""
    try:
        return input_content(tree, path)
    except IntegrityError:
        return None
