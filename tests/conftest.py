import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from eid_stream.app import cli
from tests.command import Say
from tests.media.side_streams import Sound
from tests.media.writing import Clip, write_clip

SMALL_DISK_MIB = 12

settings.register_profile("busy machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # tests that were started in the background: their commands too
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure() -> None:
    """The loops in C are built where they are missing or older than their source."""
    root = Path(__file__).parents[1]
    folder = root / "eid_stream" / "core" / "kernels"
    written = (folder / "loops.c").stat().st_mtime
    if any(path.stat().st_mtime >= written for path in folder.glob("_loops*")):
        return
    build = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", "--force"]
    subprocess.run(build, cwd=root, capture_output=True, check=False)  # without a compiler NumPy does the same


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MIB}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command within this process; exit status and what it wrote to standard error."""

    def command(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["eid-stream", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, capsys.readouterr().err

    return command


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 30 pictures with sound, the same for all tests of a module."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    write_clip(path, Clip(frames=30, sounds=[Sound()]))
    return path
