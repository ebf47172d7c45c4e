from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.lock import LOCKS, Dependency, Lock, find_lock, hashed_requirements, listed_otherwise

A, B, C = "a" * 64, "b" * 64, "c" * 64

UV = f"""
version = 1
[[package]]
name = "numpy"
version = "2.2.0"
sdist = {{ url = "https://files/numpy.tar.gz", hash = "sha256:{B}", size = 1 }}
wheels = [{{ url = "https://files/numpy.whl", hash = "sha256:{A}" }}]
[[package]]
name = "own"
version = "0.1.0"
source = {{ virtual = "." }}
"""
POETRY = f"""
[[package]]
name = "NumPy"
version = "2.2.0"
files = [{{file = "numpy.whl", hash = "sha256:{A}"}}, {{file = "numpy.tar.gz", hash = "sha256:{B}"}}]
"""
PYLOCK = f"""
lock-version = "1.0"
[[packages]]
name = "numpy"
version = "2.2.0"
wheels = [{{ name = "numpy.whl", hashes = {{ sha256 = "{A}" }} }}]
sdist = {{ name = "numpy.tar.gz", hashes = {{ sha256 = "{B}" }} }}
"""
PIP = f"""
# made by pip-compile
numpy[extra]==2.2.0 ; python_version >= '3.11' \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via pandas
scipy==1.0
"""
EXPECTED = {"numpy": {"2.2.0": {A, B}}}


def found(**files: str | bytes) -> Lock | None:
    """The lock in these files; `__` stands for a dot."""
    named = {
        name.replace("__", "."): text if isinstance(text, bytes) else text.encode() for name, text in files.items()
    }
    return find_lock(named, named.get)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("uv__lock", UV),
        ("poetry__lock", POETRY),
        ("pdm__lock", POETRY),
        ("pylock__toml", PYLOCK),
        ("requirements__txt", PIP),
        ("requirements__lock", PIP.replace("\n", "\r\n")),
    ],
)
def test_find_lock__reads_what_each_tool_writes(path: str, text: str) -> None:
    assert found(**{path: text}) == Lock(path.replace("__", "."), EXPECTED)


def test_find_lock__takes_the_first_that_has_hashes() -> None:
    lock = found(uv__lock="version = 1\n", poetry__lock=POETRY, requirements__txt=PIP)
    assert lock is not None
    assert lock.path == "poetry.lock"


def test_find_lock__elsewhere_is_told_by_its_name() -> None:
    files = {"../requirements.txt": PIP.encode(), "../../uv.lock": UV.encode(), "../data.txt": PIP.encode()}
    assert find_lock(files, files.get) is None
    assert find_lock(files, files.get, ["../data.txt", "../missing.lock", "../../uv.lock"]) == Lock(
        "../../uv.lock", EXPECTED
    )
    assert find_lock(files, files.get, files) == Lock("../requirements.txt", EXPECTED)


@pytest.mark.parametrize(
    "text",
    ["", "numpy==2.2.0\n", "[[package]", "package = 3", "[[package]]\nname = 3\nversion = 4\n", b"\xff\xfe",
     f'[[package]]\nname = "a b; x"\nversion = "1"\nfiles = [{{hash = "sha256:{A}"}}]\n'],
)  # fmt: skip
def test_find_lock__what_has_no_hashes_is_none(text: str | bytes) -> None:
    assert found(uv__lock=text, requirements__txt=text) is None


@given(st.text(max_size=200), st.sampled_from(LOCKS))
def test_find_lock__anything_is_a_lock_or_none(text: str, path: str) -> None:
    lock = find_lock({path}, {path: text.encode()}.get)
    assert lock is None or lock.hashes


DEPENDENCIES = {"scipy": Dependency("1.16.0"), "numpy": Dependency("2.2.0"), "tzdata": Dependency(None, "os == 'nt'")}


def test_hashed_requirements__name_all_that_is_needed() -> None:
    lock = Lock("uv.lock", {**EXPECTED, "scipy": {"1.15.0": {A}, "1.16.0": {C}}, "mlflow": {"3.0": {A}}})
    assert hashed_requirements(DEPENDENCIES, lock) == (
        f"numpy==2.2.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\nscipy==1.16.0 \\\n    --hash=sha256:{C}\n",
        None,
    )


def test_hashed_requirements__what_other_machines_need_comes_from_the_lock() -> None:
    lock = Lock("uv.lock", {**EXPECTED, "scipy": {"1.16.0": {C}}, "tzdata": {"2025.1": {B}}})
    text, reason = hashed_requirements(DEPENDENCIES, lock)
    assert (text or "").endswith(f"tzdata==2025.1 ; os == 'nt' \\\n    --hash=sha256:{B}\n")
    assert reason is None


@pytest.mark.parametrize(
    ("scipy", "told"),
    [
        ({"scipy": {"1.15.0": {A}, "1.14.0": {A}}}, "uv.lock has scipy 1.14.0, 1.15.0"),
        ({}, "uv.lock does not name scipy"),
    ],
)
def test_hashed_requirements__all_or_none(scipy: dict[str, dict[str, set[str]]], told: str) -> None:
    assert hashed_requirements(DEPENDENCIES, Lock("uv.lock", {**EXPECTED, **scipy})) == (
        None,
        f"no hashes in requirements.txt: {told}, and mlci predicts with 1.16.0",
    )


VERSIONS = {"numpy": "2.2.0", "scikit-learn": "1.6.0"}


@pytest.mark.parametrize(
    "text",
    [
        "numpy==2.2.0\nscikit-learn==1.6.0\n",
        "# without hashes\nnumpy==2.2.0\r\nScikit_Learn==1.6.0\r\n",
        f"joblib==1.4.0 ; python_version > '3' \\\n    --hash=sha256:{A}\n"
        f"numpy==2.2.0 \\\n    --hash=sha256:{B} \\\n    --hash=sha256:{C}\n"
        "scikit-learn==1.6.0 \\\n    --hash=sha256:" + A + "\n",
    ],
)
def test_listed_otherwise__what_agrees(text: str) -> None:
    assert listed_otherwise(text, VERSIONS) == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ("numpy", "scikit-learn")),
        ("numpy==2.2.0\n", ("scikit-learn",)),
        ("numpy==2.2.1\nscikit-learn==1.6.0\n", ("numpy",)),
        ("numpy>=2.2.0\nscikit-learn==1.6.0\n", ("numpy", "numpy>=2.2.0")),
        ("numpy==2.2.0\nnumpy==2.2.1\nscikit-learn==1.6.0\n", ("numpy",)),
        ("numpy==2.2.0\nscikit-learn==1.6.0\nevil==1.0\n", ("evil",)),
        ("numpy==2.2.0 ; python_version<'3'\nscikit-learn==1.6.0\n", ("numpy",)),
        (f"numpy==2.2.0 ; python_version<'3' --hash=sha256:{'a' * 64}\nscikit-learn==1.6.0\n", ("numpy",)),
        ("numpy==2.2.0\nscikit-learn==1.6.0\n--index-url https://evil.test\n", ("--index-url https://evil.test",)),
        (f"numpy==2.2.0 --hash=sha256:{'a' * 64}\nscikit-learn==1.6.0\nevil @ file:///x\n", ("evil @ file:///x",)),
    ],
)
def test_listed_otherwise__what_does_not(text: str, named: tuple[str, ...]) -> None:
    assert listed_otherwise(text, VERSIONS) == named


@given(st.dictionaries(st.sampled_from(["numpy", "scikit-learn", "joblib"]), st.sampled_from(["1.0", "2.0"])))
def test_listed_otherwise__requirements_with_hashes_agree_with_what_they_are_made_of(versions: dict[str, str]) -> None:
    dependencies = {name: Dependency(version) for name, version in versions.items()}
    lock = Lock("uv.lock", {name: {version: {"0" * 64}} for name, version in versions.items()})
    text, _ = hashed_requirements(dependencies, lock)
    assert text is not None
    assert listed_otherwise(text, versions) == ()
