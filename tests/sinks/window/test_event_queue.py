import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.screen import needs_screen, virtual_screen

SOURCE = "phantom:?size=64x48&frames=5"
BROUGHT = list(Path(cv2.__file__).parents[1].glob("opencv_*.libs/libX11-xcb*"))


@needs_screen
@pytest.mark.skipif(sys.platform != "linux" or not BROUGHT, reason="this OpenCV brings no libX11-xcb of its own")
def test_the_window_learns_that_it_is_on_the_screen(tmp_path: Path) -> None:
    """What tells libX11 to leave all events to Qt must be of libX11's own version: see event_queue.py."""
    told = tmp_path / "bindings"
    with virtual_screen() as display:
        environment = os.environ | {"DISPLAY": display, "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(told)}
        command = [sys.executable, "-m", "eid_stream", "--source", SOURCE, "--window", "--engine", "prior"]
        subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    with next(tmp_path.iterdir()).open() as lines:
        bound = [line for line in lines if "symbol `XSetEventQueueOwner'" in line]
    assert len(bound) == 1
    assert "/libX11-xcb.so.1 [0]" in bound[0]
