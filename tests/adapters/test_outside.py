from __future__ import annotations

import hashlib
import http.server
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, ClassVar

import pytest
from typing_extensions import override

from mlci.adapters.dvc_data import DvcCache, DvcData
from mlci.adapters.https_data import https_data
from mlci.adapters.outside import Outside
from mlci.adapters.s3_data import s3_data
from mlci.core.data_files import Pin, Wanted
from mlci.errors import IntegrityError, MlciError, OutsideError, RejectedError, UsageError
from tests.testing.s3_server import KEY, SECRET, S3Server
from tests.testing.store_worlds import configure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROWS = b"id\n" + b"1\n" * 1_000_000
PIN = Pin("sha256", hashlib.sha256(ROWS).hexdigest())
MD5 = hashlib.md5(ROWS).hexdigest()  # noqa: S324 - the hash that DVC records


def wanted(address: str | None = "fake://host/rows.csv", pin: Pin = PIN, limit: int = 10_000_000) -> Wanted:
    return Wanted(address or "data/rows.csv", pin, limit, address)


class Counted:
    """A source that counts how often it was asked."""

    def __init__(self, content: bytes = ROWS) -> None:
        self.content = content
        self.asked = 0

    def __call__(self, _: Wanted) -> Iterable[bytes]:
        self.asked += 1
        yield from (self.content[place : place + 100_000] for place in range(0, len(self.content), 100_000))


def test_fetch__brings_once_and_keeps_under_the_hash(tmp_path: Path) -> None:
    source = Counted()
    outside = Outside(tmp_path, {"fake": source})
    assert outside.held(wanted()) is None
    assert outside.fetch(wanted()).read_bytes() == ROWS
    assert outside.fetch(wanted()) == outside.held(wanted()) == tmp_path / f"sha256-{PIN.digest}"
    assert source.asked == 1


def test_fetch__what_was_kept_and_is_damaged_is_brought_again(tmp_path: Path) -> None:
    source = Counted()
    outside = Outside(tmp_path, {"fake": source})
    outside.fetch(wanted()).write_bytes(b"poisoned")
    assert outside.fetch(wanted()).read_bytes() == ROWS
    assert source.asked == 2


def test_fetch__other_bytes_are_an_integrity_error_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError) as error:
        Outside(tmp_path, {"fake": Counted(b"other")}).fetch(wanted())
    assert (error.value.code, error.value.exit_code) == ("data-differs", 4)
    found = hashlib.sha256(b"other").hexdigest()
    assert error.value.hint == f"Restore it there; or, if the new bytes are meant, record them: sha256: {found}"
    assert list(tmp_path.iterdir()) == []


def test_fetch__other_bytes_on_a_remote_of_dvc_are_told_as_the_remotes(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError) as error:
        Outside(tmp_path, {"dvc": Counted(b"other")}).fetch(wanted(None, Pin("md5", MD5)))
    found = hashlib.md5(b"other", usedforsecurity=False).hexdigest()
    assert error.value.to_dict() == {
        "code": "data-differs",
        "problem": f"what was brought as rows.csv is not what is recorded: its md5 is {found}, not {MD5}",
        "where": "data/rows.csv",
        "cause": "What lies there was changed or damaged after its hash was recorded.",
        "hint": f"Remove {MD5[:2]}/{MD5[2:]} from DVC's remote, then dvc push data/rows.csv where the data are whole.",
        "exit_code": 4,
    }


def test_fetch__too_much_is_refused_while_it_comes(tmp_path: Path) -> None:
    with pytest.raises(RejectedError) as error:
        Outside(tmp_path, {"fake": Counted()}).fetch(wanted(limit=1_000_000))
    assert (error.value.code, list(tmp_path.iterdir())) == ("data-too-large", [])


class Web(http.server.BaseHTTPRequestHandler):
    """A host of the web: /rows.csv is there, /to/… leads elsewhere."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path.startswith("/rows.csv"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(ROWS)))
            self.end_headers()
            self.wfile.write(ROWS)
        else:
            self.send_error(int(self.path[1:]))

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def web(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    Web.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def https(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    return Outside(tmp_path, {"https": https_data})


def test_https__is_read_also_after_a_redirection(web: str, https: Outside) -> None:
    assert https.fetch(wanted(f"{web}/to/{web}/rows.csv?x=1")).read_bytes() == ROWS
    assert [path for path, _ in Web.seen] == [f"/to/{web}/rows.csv?x=1", "/rows.csv?x=1"]


def test_https__no_credentials_are_sent(
    web: str, https: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login canary password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    https.fetch(wanted(f"{web}/rows.csv"))
    assert Web.seen == [("/rows.csv", None)]


@pytest.mark.parametrize(
    ("path", "code", "exit_code"),
    [
        ("/404", "data-not-there", 2),
        ("/403", "data-not-there", 2),
        ("/500", "data-failed", 5),
        ("/to/http://localhost/rows.csv", "data-failed", 5),
        ("/to/file:///etc/passwd", "data-failed", 5),
        ("/to//to//to//to//to//to/rows.csv", "data-failed", 5),
    ],
)
def test_https__what_goes_wrong(web: str, https: Outside, path: str, code: str, exit_code: int) -> None:
    with pytest.raises(MlciError) as error:
        https.fetch(wanted(web + path))
    assert (error.value.code, error.value.exit_code) == (code, exit_code)


def test_https__redirections_never_leave_https(web: str, https: Outside) -> None:
    with pytest.raises(OutsideError, match="redirects away from HTTPS"):
        https.fetch(wanted(f"{web}/to/http://localhost/rows.csv"))


def test_https__a_certificate_that_nobody_vouches_for_is_refused(web: str, tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as error:
        Outside(tmp_path, {"https": https_data}).fetch(wanted(f"{web}/rows.csv"))
    assert error.value.code == "data-failed"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


def s3(address: str, server: S3Server) -> Wanted:
    return Wanted(address, PIN, 10_000_000, address, server.url)


def test_s3__is_read(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = server.new_bucket()
    server.admin.put_object(Bucket=bucket, Key="data/rows.csv", Body=ROWS)
    outside = Outside(tmp_path, {"s3": s3_data})
    assert outside.fetch(s3(f"s3://{bucket}/data/rows.csv", server)).read_bytes() == ROWS
    for address in (f"s3://{bucket}/other.csv", "s3://nobodys-bucket/rows.csv"):
        missing = Wanted(address, Pin("sha256", "0" * 64), 10, address, server.url)
        with pytest.raises(UsageError) as error:
            outside.fetch(missing)
        assert error.value.code == "data-not-there"


def test_s3__is_asked_in_its_region(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = server.new_bucket()
    server.admin.put_object(Bucket=bucket, Key="rows.csv", Body=ROWS)
    outside = Outside(tmp_path, {"s3": s3_data})
    address = f"s3://{bucket}/rows.csv"
    assert outside.fetch(Wanted(address, PIN, 10_000_000, address, server.url, "us-east-1")).read_bytes() == ROWS
    nowhere = Wanted(address, Pin("sha256", "0" * 64), 10, address, server.url, "-no-region-")
    with pytest.raises(OutsideError) as error:
        outside.fetch(nowhere)
    assert (error.value.code, "-no-region-" in error.value.problem) == ("data-failed", True)


def test_s3__without_credentials(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UsageError) as error:
        Outside(tmp_path, {"s3": s3_data}).fetch(s3("s3://models/rows.csv", server))
    assert error.value.code == "data-credentials"


def kept_by_dvc(folder: Path, layout: str, ending: str = "") -> None:
    path = folder / layout / MD5[:2] / (MD5[2:] + ending)
    path.parent.mkdir(parents=True)
    path.write_bytes(ROWS)


@pytest.mark.parametrize("layout", ["files/md5", "."])
def test_dvc__is_read_from_its_cache_and_its_remote(tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "repository"
    configure(folder, {"core": {"remote": "store"}, "remote": {"store": {"url": str(tmp_path / "remote")}}})
    outside = Outside(tmp_path / "kept", {"dvc": DvcData(folder, tmp_path / "cache")}, [DvcCache(folder)])
    asked = wanted(None, Pin("md5", MD5))
    with pytest.raises(OutsideError) as error:
        outside.fetch(asked)
    assert error.value.code == "data-not-pushed"
    kept_by_dvc(tmp_path / "remote", layout)
    assert outside.held(asked) is None
    assert outside.fetch(asked).read_bytes() == ROWS
    kept_by_dvc(folder / ".dvc" / "cache", layout)
    held = Outside(tmp_path / "empty", {}, [DvcCache(folder)]).held(asked)
    assert held is not None
    assert held.is_relative_to(folder / ".dvc" / "cache")


def test_dvc__the_list_of_a_folder_has_its_own_name(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    configure(folder, {})
    kept_by_dvc(folder / ".dvc" / "cache", "files/md5", ".dir")
    asked = Wanted("data/", Pin("md5", MD5), 10_000_000)
    assert DvcCache(folder).held(asked) is not None
    assert DvcCache(folder).held(wanted(None, Pin("md5", MD5))) is None


def test_dvc__a_remote_that_nobody_named(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    configure(folder, {})
    with pytest.raises(OutsideError) as error:
        Outside(tmp_path / "kept", {"dvc": DvcData(folder, tmp_path)}).fetch(wanted(None, Pin("md5", MD5)))
    assert (error.value.code, error.value.problem, error.value.hint) == (
        "data-failed",
        "rows.csv could not be brought: the DVC remote cannot be used: the DVC repository has no default remote",
        "Name one that `dvc remote list` shows, or add a default one: dvc remote add --default NAME URL",
    )
