"""Make a virtual environment that runs mlci from this folder: `python bootstrap.py VENV LOCK [LOCK …]`.

The one bootstrap of `make`, of the actions and of the demo. Standard library only:

1. a virtual environment at VENV,
2. uv at the version and hash that `uv.txt` names,
3. `uv pip sync` of every LOCK (`core`, `data`, `ml`, `demo`, `s3`, `dev` …), each file checked against its hash,
4. a `.pth` file that names this checkout, and a `mlci` command.

Nothing of mlci is built or looked up by name. A second run with the same locks is a no-op; all of them are
one resolution, so that any go together.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent
CHECKOUT = REQUIREMENTS.parent
OLDEST_PYTHON = (3, 11)


def main(arguments: list[str]) -> int:
    """Bring the environment at VENV to the state that the locks describe; return the exit code."""
    locks = sorted(path.stem for path in REQUIREMENTS.glob("*.txt") if path.stem not in {"uv", "go"})
    if len(arguments) < 2 or not set(arguments[1:]) <= set(locks):  # noqa: PLR2004 - arguments, named in the message
        print(f"usage: bootstrap.py VENV {{{','.join(locks)}}} …", file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        print(
            f"mlci needs Python {wanted} or newer; this is {sys.version.split()[0]} ({sys.executable})", file=sys.stderr
        )
        print("Name another one: make PYTHON=python3.12 …", file=sys.stderr)
        return 2
    try:
        install(Path(arguments[0]).resolve(), [REQUIREMENTS / f"{name}.txt" for name in dict.fromkeys(arguments[1:])])
    except subprocess.CalledProcessError as error:
        print(f"bootstrap: {' '.join(map(str, error.cmd))} ended with {error.returncode}", file=sys.stderr)
        print("Usual cause: no way to the package index, or (Debian) python3-venv is not installed.", file=sys.stderr)
        return 5
    return 0


def install(venv: Path, locks: list[Path]) -> None:
    """Install what LOCKS say into VENV, unless the stamp shows that it is there."""
    stamp = venv / "bootstrap.sha256"
    said = b"".join(lock.read_bytes() for lock in locks)
    wanted = hashlib.sha256(said + bytes(CHECKOUT) + sys.version.encode() + Path(__file__).read_bytes())
    if stamp.is_file() and stamp.read_text() == wanted.hexdigest():
        return
    python = venv / "bin" / "python"
    say(f"virtual environment in {venv}")
    run([sys.executable, "-I", "-m", "venv", "--clear", str(venv)])
    say("uv, at the hash in requirements/uv.txt")
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(REQUIREMENTS / "uv.txt")])
    say(f"packages of requirements/{', '.join(lock.name for lock in locks)}, each checked against its hash")
    uv = [str(venv / "bin" / "uv"), "--no-config", "--quiet", "pip"]
    environment = ["--python", str(python), "--link-mode", "copy"]
    run([*uv, "sync", *environment, "--require-hashes", "--no-build", "--compile-bytecode", *map(str, locks)])
    paths = sysconfig.get_paths("venv", {"base": str(venv), "platbase": str(venv)})
    Path(paths["purelib"], "mlci-checkout.pth").write_text(f"{CHECKOUT}\n")
    command = Path(paths["scripts"], "mlci")
    command.write_text(f"#!{python} -I\nimport sys\nfrom mlci.cli import main\nsys.exit(main())\n")
    command.chmod(0o755)
    stamp.write_text(wanted.hexdigest())


def say(what: str) -> None:
    """Tell what is being set up."""
    print(f"set up: {what}", file=sys.stderr, flush=True)


def run(command: list[str]) -> None:
    """Run COMMAND in the folder of the lock, so that no configuration file of a workspace counts."""
    keep = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    subprocess.run(command, check=True, cwd=REQUIREMENTS, env=keep)  # noqa: S603 - a list, our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
