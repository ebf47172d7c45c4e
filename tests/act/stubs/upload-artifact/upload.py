"""What actions/upload-artifact does with one folder."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path


def main(given: dict[str, str]) -> None:
    """Zip the files of the folder; as on GitHub a name is taken once, and hidden files are left out by default."""
    folder = Path(given["STUB_PATH"])
    # The real action asks every part of the path, also those that the input names.
    hidden = any(part.startswith(".") for part in folder.parts) and given["STUB_HIDDEN"] != "true"
    files = [] if hidden else sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        sys.exit(f"::error::No files were found: {folder}" if given["STUB_NONE"] == "error" else 0)
    target = Path(given["STUB_ARTIFACTS"], f"{given['STUB_NAME']}.zip")
    if target.exists():
        sys.exit("::error::(409) Conflict: an artifact with this name already exists on the workflow run")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main(dict(os.environ))
