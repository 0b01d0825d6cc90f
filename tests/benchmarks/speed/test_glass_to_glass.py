import json
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from benchmarks.speed.glass_to_glass import CODES, Sightings, find_codes, marker
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from tests.screen import needs_screen, virtual_screen


@pytest.mark.parametrize(("layout", "shift"), [("yuv420p", 0), ("yuv420p10le", 2)])
@pytest.mark.parametrize("code", [0, 17, CODES - 1])
def test_a_marker_is_read_back_wherever_it_is(layout: str, shift: int, code: int) -> None:
    luma = np.full((360, 640), 90, np.uint16)
    luma[100:260, 300:460] = 40 + marker(code, 160).astype(np.uint16) // 2
    pixels = PIXEL_LAYOUTS[layout]
    shapes = pixels.plane_shapes(640, 360)
    chroma = np.full(shapes[1], 128 << shift, pixels.dtype)
    coded = (luma << shift).astype(np.uint16) if shift else luma.astype(np.uint8)
    assert find_codes(Frame((coded, chroma, chroma), pixels, Colour(), 0, Fraction(1, 25), 0, 0)) == [code]


def test_only_the_first_sighting_counts_and_never_one_before_the_painting() -> None:
    sightings = Sightings()
    sightings.painted(1, 1_000_000_000)
    sightings.seen(1, 1_050_000_000)
    sightings.seen(1, 1_080_000_000)
    sightings.seen(2, 1_080_000_000)
    assert sightings.delays.count == 1
    assert sightings.delays.max_ms == 50.0


@needs_screen
def test_the_screen_sees_its_own_markers() -> None:
    with virtual_screen() as display:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.speed.glass_to_glass",
                "--source",
                f"screen:{display}",
                "--seconds",
                "2",
            ],
            env=os.environ | {"DISPLAY": display, "PYTHONFAULTHANDLER": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["frames"] > 2
    assert 0.0 < told["p50_ms"] < 3000.0
