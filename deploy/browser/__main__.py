"""Put the page together in ``build/browser``: ``python -m deploy.browser``.

Serve it by ``python -m http.server -d build/browser``. ONNX Runtime for browsers is fetched by npm, checked against the
hash below, and never kept in this repository.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import cv2

from benchmarks.quality.pictures import rgb_of
from deploy.lock import ROOT
from eid_stream.core.frame import Frame
from eid_stream.sources.phantom.phantom_source import PhantomSource

PAGE = Path(__file__).with_name("page")
OUT = ROOT / "build" / "browser"
RUNTIME = "onnxruntime-web@1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""What npm calls the integrity of that version."""
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
SAMPLE = "phantom:?size=960x540&rate=25&frames=61&seed=3&smoke=0.45"


class NotFetchedError(Exception):
    """ONNX Runtime for browsers cannot be fetched."""


class WrongArchiveError(Exception):
    """What was fetched is not what was pinned."""


def main(out: Path = OUT) -> None:
    """Write the page and everything it needs.

    Raises:
        NotFetchedError: npm, or what it fetches, is not to be had.
    """
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(PAGE, out)
    shutil.copy(ROOT / "eid_stream" / "sinks" / "web" / "page" / "icon.svg", out)
    shutil.copy(ROOT / "eid_stream" / "weights" / "student.onnx", out)
    write_sample(out / "sample.png")
    fetch_runtime(out)
    print(f"{out}: python -m http.server -d {out}")


def fetch_runtime(out: Path) -> None:
    """Fetch ONNX Runtime for browsers and take out what the page needs.

    Raises:
        NotFetchedError: npm is not there, or has no network.
        WrongArchiveError: it brings something else.
    """
    with tempfile.TemporaryDirectory() as folder:
        pack = ["npm", "pack", "--silent", RUNTIME, "--pack-destination", folder]
        try:
            subprocess.run(pack, cwd=folder, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            raise NotFetchedError(f"npm cannot fetch {RUNTIME}: {error}") from error
        (archive,) = Path(folder).glob("*.tgz")
        unpack(archive, out)


def unpack(archive: Path, out: Path, expected: str = SHA512) -> None:
    """Take the files out of the archive if it is the one that was pinned.

    Raises:
        WrongArchiveError: it is another one.
    """
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != expected:
        raise WrongArchiveError(f"{archive.name} is not the pinned one: its SHA-512 is {digest}")
    with tarfile.open(archive) as package:
        for name in FILES:
            packed = package.extractfile(f"package/dist/{name}")
            assert packed is not None
            (out / name).write_bytes(packed.read())


def write_sample(path: Path) -> None:
    """A picture of the drawn operation with smoke in it: nobody's patient."""
    last: Frame | None = None
    for frame in PhantomSource(SAMPLE):
        last = frame
    assert last is not None
    cv2.imwrite(str(path), cv2.cvtColor(rgb_of(last), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
