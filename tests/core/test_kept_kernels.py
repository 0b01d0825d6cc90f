"""What Numba keeps is pickled: from a folder that others may write, none of it is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, numba
from eid_stream.core.kernels import _KERNELS
from eid_stream.core import thumbnail
print(*{type(kernel._cache).__name__ for kernel in _KERNELS})
"""


@pytest.mark.parametrize(("mode", "kept"), [(0o700, "FunctionCache"), (0o755, "FunctionCache"), (0o777, "NullCache")])
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
