"""The store of a repository that is elsewhere, as its own configuration names it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from mlci.adapters.store_cache import StoreCache
from mlci.cli.output import CACHE_BYTES, tell
from mlci.cli.releases import TOKEN, releases_of
from mlci.cli.stores import s3_store
from mlci.core.plain_text import one_line
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.adapters.git_process import Login
    from mlci.commands.ports import Store, Tree
    from mlci.commands.signatures import Demand
    from mlci.core.release_sections import PromoteSection
    from mlci.core.storage import StoreSection

CACHE: Final = Path(".mlci", "cache", "packages")
_MOST_CONFIGURATIONS: Final = 200


def foreign_store(origin: str, tree: Tree, tip: str, model: str) -> Store:
    """Return where MODEL's packages lie, by the configuration in TREE, the commit TIP of the repository at ORIGIN.

    Raises `UsageError("store-unknown")` where neither its store nor its mirror can be told from here.
    """
    path, section = _configured(tree, model)
    if section is None:
        raise _unknown(model, f"no mlci.yaml of its default branch is about {model}")
    places = [place for place in (section.store, section.mirror) if place is not None]
    found = [_opened(place, origin, tree, tip, PurePosixPath(path).parent) for place in places]
    stores = [each for each in found if not isinstance(each, str)]
    if not stores:
        raise _unknown(model, str(found[0]))
    if len(stores) == 1:
        return stores[0]
    from mlci.adapters.mirror_store import MirrorStore

    return MirrorStore(stores[0], stores[1], tell=tell)


def foreign_demand(tree: Tree, model: str) -> Demand | None:
    """Return whose signatures the configuration of MODEL in TREE demands; None where it demands none."""
    from mlci.commands.signatures import demanded

    path, section = _configured(tree, model)
    if section is None or section.sign is None:
        return None
    signers = (PurePosixPath(path).parent / section.sign.signers).as_posix()
    return demanded(section.sign.model_copy(update={"signers": signers}), tree)


def _configured(tree: Tree, model: str) -> tuple[str, PromoteSection | None]:
    """Return what the configuration of MODEL says about its store, and which file says so."""
    from mlci.core.config import read_config
    from mlci.core.configuration_file import FILE_NAME

    paths = [path for path in sorted(tree.ids()) if path.rpartition("/")[2] == FILE_NAME]
    for path in paths[:_MOST_CONFIGURATIONS]:
        try:
            config = read_config(tree.read(path) or b"", path)
        except MlciError:
            continue  # another model's, or one that a newer mlci reads
        if config.model.name == model:
            return path, config.promote
    return "", None


def _opened(place: StoreSection, origin: str, tree: Tree, tip: str, folder: PurePosixPath) -> Store | str:
    """Return the store, or why it cannot be told from here."""
    cache = StoreCache(CACHE, limit_bytes=CACHE_BYTES)
    if place.directory is not None:
        if not Path(place.directory).is_absolute():
            return f"promote.store is the directory {one_line(place.directory, 120)!r}, as seen from a clone of it"
        from mlci.adapters.directory_store import DirectoryStore

        return DirectoryStore(Path(place.directory))
    if place.s3 is not None:
        return s3_store(place.s3, cache)
    if place.releases:
        found = releases_of(origin, tip, CACHE, os.environ)
        return found or "promote.store is {releases: true}, and the address names no repository on a GitHub"
    configuration = _dvc_configuration(tree, folder)
    if configuration is None:
        return "promote.store is a remote of DVC, and its default branch has no .dvc/config"
    # DVC reads its configuration from a folder; only what Git tracks is in it, and nothing of the user's.
    from mlci.adapters.dvc_store import DvcStore
    from mlci.adapters.files import write_atomically

    beside = CACHE.parent / "dvc" / tip
    write_atomically(beside / ".dvc" / "config", configuration)
    return DvcStore(beside, cache=cache, remote=place.dvc.remote if place.dvc else None)


def _dvc_configuration(tree: Tree, folder: PurePosixPath) -> bytes | None:
    for each in (folder, *folder.parents):
        content = tree.read((each / ".dvc" / "config").as_posix())
        if content is not None:
            return content
    return None


def login(environ: Mapping[str, str]) -> Login | None:
    """Return how Git gets into the GitHub that the environment names; it is used for that host alone."""
    from mlci.adapters.git_process import Login
    from mlci.core.github_event import SERVER_URL

    token = environ.get(TOKEN)
    return Login(environ.get("GITHUB_SERVER_URL", SERVER_URL), token) if token else None


def _unknown(model: str, why: str) -> UsageError:
    return UsageError(
        "store-unknown",
        f"where the packages of {model} lie cannot be told from here",
        cause=f"In that repository, {why}.",
        hint="Name the folder that has them: --store FOLDER",
    )
