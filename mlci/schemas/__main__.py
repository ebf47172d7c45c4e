"""`python -m mlci.schemas`: write the JSON Schemas and the reference of a checkout anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.core.config import Config
from mlci.core.contract.model import Contract
from mlci.schemas.reference import page
from mlci.schemas.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

FOLDER = Path(__file__).parent
REFERENCE = FOLDER.parents[1] / "docs" / "configuration.md"


def generated() -> Mapping[Path, str]:
    """Return every generated file with the text that it should hold."""
    return {
        FOLDER / "mlci.schema.json": _json(Config),
        FOLDER / "contract.schema.json": _json(Contract),
        REFERENCE: page(REFERENCE.read_text(encoding="utf-8")),
    }


def _json(model: type[BaseModel]) -> str:
    return json.dumps(schema(model), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every generated file."""
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
