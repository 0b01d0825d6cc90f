"""Worker processes made by fork from a process that has cleared pictures and files already."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media.writing import write_clip

PROGRAM = """
import gc, os, sys
import numpy as np
from eid_stream import Dehazer, dehaze_file

picture = np.full((48, 64, 3), 90, np.uint8)
dehazer = Dehazer()
here = dehazer(picture)
dehaze_file(sys.argv[1], sys.argv[2])
worker = os.fork()
if worker == 0:
    gc.collect()  # at any time by itself: x264's encoder is freed where its threads are not
    there = [cleared(picture) for cleared in (dehazer, Dehazer())]
    dehaze_file(sys.argv[1], sys.argv[3])
    os._exit(0 if all((here == picture).all() for picture in there) else 9)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_that_has_cleared_pictures_and_files_may_be_forked(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "hazy.mp4")
    outputs = [str(tmp_path / name) for name in ("parent.mp4", "child.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(video), *outputs], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(Path(output).stat().st_size > 0 for output in outputs)
