"""The console as another machine sees it: by name, by TLS with a certificate of its own, with the token."""

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import ConsoleRun, browser, codec, console, needs_browser, wait_for, wait_for_mark

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPENSSL = shutil.which("openssl")
pytestmark = [needs_browser, pytest.mark.skipif(OPENSSL is None, reason="the openssl program is not installed")]
NAME = "theatre-3"
SOURCE = "lavfi:color=c=0x908070:size=320x180:rate=10,format=yuv420p,noise=c0s=4:c0f=t"


def openssl(*arguments: str | Path) -> bytes:
    assert OPENSSL is not None
    return subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Made as docs/console.md says."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", *names, "-keyout", key, "-out", made)
    return made, key


def fingerprint(certificate: Path) -> str:
    """By this a browser accepts one certificate and no other: SHA-256 of its public key."""
    public = openssl("x509", "-in", certificate, "-noout", "-pubkey").decode()
    return base64.b64encode(hashlib.sha256(base64.b64decode("".join(public.splitlines()[1:-1]))).digest()).decode()


@contextmanager
def visitor(*flags: str) -> "Iterator[Page]":
    """A page of a browser that knows the machine by its name in the network."""
    with browser(f"--host-resolver-rules=MAP {NAME} 127.0.0.1", *flags) as context:
        yield context.new_page()


def address_of(run: ConsoleRun) -> str:
    return run.address.replace("0.0.0.0", NAME)


def test_by_tls_the_token_opens_an_encrypted_page_that_decodes_h264(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    made, key = certificate
    files = ("--web-certificate", str(made), "--web-key", str(key))
    with (
        console(tmp_path, SOURCE, "--web-host", "0.0.0.0", *files) as run,
        visitor(f"--ignore-certificate-errors-spki-list={fingerprint(made)}") as page,
    ):
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        assert run.address.startswith("https://")
        assert "Warning" not in run.said
        page.goto(address_of(run))
        wait_for_mark(page, "enhanced")
        assert page.evaluate("() => window.isSecureContext")
        assert codec(page).startswith("avc1.42")
        assert sockets[-1].startswith(f"wss://{NAME}:")
        (cookie,) = page.context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        page.goto(address_of(run).split("#")[0])
        wait_for_mark(page, "enhanced")
        assert not page.is_visible("#door-dialog")


def test_a_certificate_that_nobody_accepted_keeps_the_page_away(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    from playwright.sync_api import Error

    made, key = certificate
    files = ("--web-certificate", str(made), "--web-key", str(key))
    with (
        console(tmp_path, SOURCE, "--web-host", "0.0.0.0", *files) as run,
        visitor() as page,
        pytest.raises(Error, match="ERR_CERT"),
    ):
        page.goto(address_of(run))


def test_without_tls_the_same_page_shows_motion_jpeg(tmp_path: Path) -> None:
    with console(tmp_path, SOURCE, "--web-host", "0.0.0.0") as run, visitor() as page:
        wait_for(lambda: "Warning: without --web-certificate" in run.said, "no warning")
        page.goto(address_of(run))
        wait_for_mark(page, "enhanced")
        assert not page.evaluate("() => window.isSecureContext")
        assert codec(page) == "jpeg"
