"""A file that begins in smoke, looked through before it is run."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from eid_stream.app.wiring.scan_wiring import foresight_of
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.sources.file.video_file import VideoFileSource
from tests.dehazing.memory.test_scene_memory import tissue, veiled
from tests.stand_ins.hazy_frames import dehazed_alone

RATE, SECONDS = 10, 12


class BlindEngine(PriorEngine):
    """Sees no smoke at all, as a network may on a camera it never met."""

    def estimate(self, _: Thumbnail) -> HazeMaps:
        return HazeMaps.identity(24, 32)


def write_operation(path: Path) -> None:
    """Smoke for four seconds that goes within one, then a clear scene; a key frame a second."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": str(RATE), "crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 256, 192, "yuv420p"
        for number in range(RATE * SECONDS):
            opacity = 0.5 * float(np.clip(5.0 - number / RATE, 0.0, 1.0))
            luma, cb, cr = veiled(tissue(), opacity)
            picture = av.VideoFrame(256, 192, "yuv420p")
            for plane, values in zip(
                picture.planes,
                (16 + 219 * luma, 128 + 224 * cb[::2, ::2], 128 + 224 * cr[::2, ::2]),
                strict=True,
            ):
                rows = np.zeros((plane.height, plane.line_size), np.uint8)
                rows[:, : plane.width] = np.clip(values, 0, 255)
                plane.update(rows.tobytes())
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def left_after_a_second(path: Path, *, looks: bool) -> tuple[float, float]:
    """Mean luma above the clear scene's, of what is shown and of what was captured, in codes; the end must be clear."""
    source, engine = VideoFileSource(str(path)), BlindEngine()
    estimator = MapEstimator(engine, foresight=foresight_of(source, engine) if looks else None)
    truth = 219.0 * tissue()[0].mean() + 16.0
    pairs = []
    for frame in source:
        estimator.look_around(frame, anew=False)
        shown = dehazed_alone(frame, estimator)
        pairs.append((shown.planes[0].mean() - truth, frame.planes[0].mean() - truth))
    source.close()
    assert abs(pairs[-1][0]) < 3.0
    return float(pairs[RATE][0]), float(pairs[RATE][1])


def test_smoke_at_the_beginning_of_a_file_goes_where_it_is_looked_through_first(tmp_path: Path) -> None:
    write_operation(tmp_path / "operation.mp4")
    shown, captured = left_after_a_second(tmp_path / "operation.mp4", looks=True)
    assert abs(shown) < 0.35 * captured
    without, _ = left_after_a_second(tmp_path / "operation.mp4", looks=False)
    assert without > 0.9 * captured
