import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eid_stream.backends.engine_cache import EngineCache, EngineKey
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError

KEY = EngineKey("cuda", "fp16", "a" * 64, "NVIDIA H200", "580.95.05", "torch 2.14.1")
CARD = EngineCard("student", "1", "cuda", 256, 192, 32, 24, golden={"black": [0.0, 1.0]})
CONTENT = bytes(range(256)) * 4


def test_an_engine_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    cache.save(KEY, CONTENT, CARD)
    stored = cache.load(KEY)
    assert stored.content == CONTENT
    assert stored.card == CARD
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("field", ["precision", "student_sha256", "gpu", "driver", "libraries"])
def test_anything_that_differs_asks_for_another_engine(tmp_path: Path, field: str) -> None:
    cache = EngineCache(tmp_path)
    cache.save(KEY, CONTENT, CARD)
    with pytest.raises(EngineLoadError, match="No engine at"):
        cache.load(replace(KEY, **{field: "other"}))


@pytest.mark.parametrize("position", [0, 30, 200, -1])
def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path, position: int) -> None:
    cache = EngineCache(tmp_path)
    path = cache.save(KEY, CONTENT, CARD)
    damaged = bytearray(path.read_bytes())
    damaged[position] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(EngineLoadError, match=r"is damaged.*build the engine again"):
        cache.load(KEY)


@pytest.mark.parametrize("length", [0, 10, 84, 500])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    cache = EngineCache(tmp_path)
    path = cache.save(KEY, CONTENT, CARD)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(EngineLoadError, match="is damaged"):
        cache.load(KEY)


def test_an_engine_copied_from_another_machine_is_refused_with_what_differs(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    foreign = replace(KEY, gpu="NVIDIA T4", driver="535.1")
    cache.save(foreign, CONTENT, CARD).rename(cache.path(KEY))
    with pytest.raises(EngineMismatchError, match=r"built for another gpu, driver.*eid-stream-build --target cuda"):
        cache.load(KEY)


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineLoadError, match=r"cannot be written.*XDG_CACHE_HOME"):
        EngineCache(tmp_path / "file" / "engines").save(KEY, CONTENT, CARD)


def test_the_cache_lies_where_the_desktop_standard_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert EngineCache().folder == tmp_path / "eid-stream" / "engines"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/invalid")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert EngineCache().folder == tmp_path / "home" / ".cache" / "eid-stream" / "engines"


def test_the_timing_cache_survives_between_builds_and_starts_empty_when_damaged(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    with cache.timing_cache(KEY) as plain:
        assert not plain.exists()
        plain.write_bytes(b"timings")
    with cache.timing_cache(replace(KEY, precision="fp32")) as plain:
        assert plain.read_bytes() == b"timings"
    (kept,) = tmp_path.glob("*.timing")
    kept.write_bytes(kept.read_bytes()[:-1] + b"S")
    with cache.timing_cache(KEY) as plain:
        assert not plain.exists()


BUILDER = """
import sys, time
from pathlib import Path
from tests.backends.test_engine_cache import CARD, CONTENT, KEY
from eid_stream.backends.engine_cache import EngineCache
cache = EngineCache(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with cache.building(KEY):
    if cache.path(KEY).exists():
        cache.load(KEY)
        print("found")
    else:
        time.sleep(0.3)
        cache.save(KEY, CONTENT, CARD)
        print("built")
"""


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def say_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def test_of_four_processes_that_start_at_once_one_builds_and_the_others_find_it(tmp_path: Path) -> None:
    processes = [start(BUILDER, tmp_path) for _ in range(4)]
    for process in processes:
        wait_until_ready(process)
    for process in processes:
        say_go(process)
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert said == ["built", "found", "found", "found"]


SAVER = """
import sys
from pathlib import Path
from tests.backends.test_engine_cache import CARD, CONTENT, KEY
from eid_stream.backends.engine_cache import EngineCache
cache = EngineCache(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    cache.save(KEY, CONTENT * 200, CARD)
"""


def test_a_reader_sees_a_whole_engine_while_others_write_and_die(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    cache.save(KEY, CONTENT * 200, CARD)
    writers = [start(SAVER, tmp_path) for _ in range(2)]
    for writer in writers:
        wait_until_ready(writer)
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        assert cache.load(KEY).content == CONTENT * 200
    for writer in writers:
        writer.kill()
        writer.communicate()
    assert cache.load(KEY).content == CONTENT * 200


HOLDER = """
import sys, time
from pathlib import Path
from tests.backends.test_engine_cache import KEY
from eid_stream.backends.engine_cache import EngineCache
with EngineCache(Path(sys.argv[1])).building(KEY):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_builder_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    holder = start(HOLDER, tmp_path)
    wait_until_ready(holder)
    holder.kill()
    holder.communicate()
    with EngineCache(tmp_path).building(KEY):
        pass


@pytest.mark.parametrize(("part", "mode"), [("file", 0o664), ("file", 0o646), ("folder", 0o777), ("folder", 0o770)])
def test_what_others_could_have_written_is_refused(tmp_path: Path, part: str, mode: int) -> None:
    cache = EngineCache(tmp_path / "engines")
    path = cache.save(KEY, CONTENT, CARD)
    (path if part == "file" else cache.folder).chmod(mode)
    with pytest.raises(EngineLoadError, match=r"is not used: .* can be written by others"):
        cache.load(KEY)


def test_a_folder_above_that_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    cache = EngineCache(shared / "cache" / "engines")
    cache.save(KEY, CONTENT, CARD)
    shared.chmod(0o777)
    with pytest.raises(EngineLoadError, match="is not used"):
        cache.load(KEY)
    shared.chmod(0o1777)  # as /tmp is: nobody can rename what belongs to others
    assert cache.load(KEY).content == CONTENT


@pytest.mark.parametrize("part", ["file", "folder"])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, part: str) -> None:
    cache = EngineCache(tmp_path / "engines")
    path = cache.save(KEY, CONTENT, CARD)
    try:
        os.chown(path if part == "file" else cache.folder, 12345, -1)
    except PermissionError:
        pytest.skip("only root can give files away")
    with pytest.raises(EngineLoadError, match="belongs to another user"):
        cache.load(KEY)


def test_a_cache_is_made_for_its_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        cache = EngineCache(tmp_path / "cache" / "eid-stream" / "engines")
        cache.save(KEY, CONTENT, CARD)
    finally:
        os.umask(before)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert cache.load(KEY).content == CONTENT
