"""The package of a model, whole: made where its training data and the project's lock lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Data, Predictor, Tree
    from mlci.core.config import Config
    from mlci.core.package import Package
    from mlci.core.side import Side


RAW: Final = (
    "the model could not be converted: it is shipped as a raw pickle (train.allow_pickle), judged by its answers"
)


class WholePackage(NamedTuple):
    """A package, and what whoever makes it should know."""

    package: Package
    remarks: tuple[str, ...]
    is_final: bool = True
    """Whether it would be the same if it were made again: not where data could not be counted this time."""


def whole_package(
    model: bytes, rules: Config, side: Side, tree: Tree, *, data: Data, predictor: Predictor, objects: Path
) -> WholePackage:
    """Return the package of MODEL under RULES, with contracts, training data and lock of TREE, which SIDE describes.

    Raises as `packaged` does.
    """
    # A package that is kept is used without any of this.
    from mlci.commands.baseline import with_baseline  # noqa: PLC0415 - as above
    from mlci.commands.hashing import with_hashes  # noqa: PLC0415 - as above
    from mlci.commands.packaging import packaged  # noqa: PLC0415 - as above

    section = rules.evaluate
    package = packaged(model, rules, side.contracts.get(section.data), predictor)
    label = section.label if isinstance(section.label, str) else ""  # several are not counted
    package, uncounted = with_baseline(
        package, side, label, tree, data=data, predictor=predictor, objects=objects
    )  # fmt: skip
    package, unhashed = with_hashes(package, side.config, tree, predictor)
    pickled = RAW if package.info.format == "pickle" else None
    remarks = tuple(filter(None, (package.assumption, pickled, uncounted, unhashed)))
    return WholePackage(package, remarks, is_final=uncounted is None)
