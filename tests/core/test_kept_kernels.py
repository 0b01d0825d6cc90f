"""What Numba keeps is pickled: from a folder that others may write, none of it is loaded."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from eid_stream.core.kernels import _HashedFile

PROGRAM = """
import os, numba
from eid_stream.core.kernels import _KERNELS
from eid_stream.core import thumbnail
print(*{type(kernel._cache).__name__ for kernel in _KERNELS})
"""


@pytest.mark.parametrize(("mode", "kept"), [(0o700, "_HashedCache"), (0o755, "_HashedCache"), (0o777, "NullCache")])
def test_kernels_are_kept_only_where_nobody_else_can_write(tmp_path: Path, mode: int, kept: str) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    run = [sys.executable, "-c", PROGRAM]
    subprocess.run(run, env=environment, check=True, capture_output=True)
    for part in (folder, *folder.rglob("*")):
        if part.is_dir():
            part.chmod(mode)
    done = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [kept]


def test_what_was_kept_is_loaded_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = _HashedFile(cache_path=str(tmp_path), filename_base="kernel", source_stamp=1)
    kept.save("signature", b"machine code" * 20)
    assert kept.load("signature") == b"machine code" * 20
    assert _HashedFile(cache_path=str(tmp_path), filename_base="kernel", source_stamp=2).load("signature") is None
    chance = random.Random(0)
    for path in tmp_path.iterdir():
        whole = path.read_bytes()
        for place in (0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(50))):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            assert kept.load("signature") is None
        path.write_bytes(whole)
    assert kept.load("signature") == b"machine code" * 20
