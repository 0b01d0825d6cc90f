"""The phantom: a synthetic operation whose true clear picture is known."""

import itertools
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import PIXEL_LAYOUTS, Frame
from eid_stream.sources.phantom.frame_number import LARGEST, paint_frame_number, read_frame_number
from eid_stream.sources.phantom.phantom_source import PhantomSource

SMALL = "phantom:?size=320x180&frames=5"


def frames(address: str, count: int | None = None) -> list[Frame]:
    source = PhantomSource(address)
    taken = list(itertools.islice(source, count))
    source.close()
    return taken


def test_every_frame_comes_once_with_its_number_in_its_pixels_and_in_its_pts() -> None:
    taken = frames(SMALL)
    assert [frame.pts for frame in taken] == [frame.index for frame in taken] == list(range(5))
    assert [read_frame_number(frame.planes[0]) for frame in taken] == list(range(5))
    assert [frame.seconds for frame in taken] == [Fraction(k, 25) for k in range(5)]


def test_the_info_says_what_the_address_asked_for() -> None:
    info = PhantomSource("phantom:?size=320x180&rate=30000/1001&frames=60").info
    assert (info.width, info.height, info.frame_count, info.live) == (320, 180, 60, False)
    assert info.nominal_rate == 1 / info.time_base == Fraction(30000, 1001)
    assert (info.colour.matrix, info.colour.primaries, info.colour.transfer, info.colour.full_range) == (1, 1, 1, False)


def test_the_same_address_gives_the_same_frames_and_another_seed_does_not() -> None:
    first, again, other = (frames(f"phantom:?size=320x180&seed={seed}", 3)[-1] for seed in (4, 4, 5))
    for plane, same in zip(first.planes, again.planes, strict=True):
        np.testing.assert_array_equal(plane, same)
    assert np.abs(first.planes[0].astype(int) - other.planes[0]).mean() > 3.0


@pytest.fixture(scope="module")
def reference() -> Frame:
    return frames("phantom:?size=161x91&content=full", 1)[0]


@pytest.mark.parametrize(
    ("layout", "code_range"), [*((name, "full") for name in PIXEL_LAYOUTS), ("yuv422p10le", "limited")]
)
def test_every_layout_shows_the_same_picture_in_its_own_codes(layout: str, code_range: str, reference: Frame) -> None:
    frame = frames(f"phantom:?size=161x91&layout={layout}&range={code_range}&content=full", 1)[0]
    depth = frame.layout.bit_depth
    assert [plane.shape for plane in frame.planes] == list(frame.layout.plane_shapes(161, 91))
    assert all(plane.dtype == frame.layout.dtype and plane.max() < 1 << depth for plane in frame.planes)
    zero, span = frame.colour.luma_levels(depth)
    np.testing.assert_allclose((frame.planes[0] - zero) / span, (reference.planes[0] - 16.0) / 219.0, atol=0.03)


def test_the_truth_is_the_frame_without_its_smoke() -> None:
    source = PhantomSource("phantom:?size=320x180&content=full&frames=2")
    clear = PhantomSource("phantom:?size=320x180&content=full&frames=2&smoke=0")
    for smoky, plain in zip(source, clear, strict=True):
        truth = source.truth(smoky.pts)
        for plane, same in zip(truth, plain.planes, strict=True):
            np.testing.assert_array_equal(plane, same)
        veil = smoky.planes[0].astype(float) - truth[0]
        assert np.abs(veil).mean() > 10.0
        assert truth[0].std() > 1.2 * smoky.planes[0].std() * 0.8
        assert read_frame_number(truth[0]) == smoky.pts


def test_round_content_is_surrounded_by_black_without_smoke() -> None:
    planes = frames("phantom:?size=320x180&smoke=0.8", 1)[0].planes
    assert [int(planes[0][4, 4]), int(planes[1][2, 2]), int(planes[2][2, 2])] == [16, 128, 128]
    assert planes[0][90, 160] > 40
    assert frames("phantom:?size=320x180&smoke=0.8&content=full", 1)[0].planes[0][4, 4] > 30


def test_the_scene_moves_steadily() -> None:
    lumas = np.stack([frame.planes[0].astype(float) for frame in frames("phantom:?size=320x180&smoke=0", 8)])
    steps = np.abs(np.diff(lumas, axis=0)).mean(axis=(1, 2))
    assert 0.1 < steps.min() <= steps.max() < 6.0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=red", "no option 'colour'. Its options are size, rate"),
        ("size=big", "size cannot be 'big': write WIDTHxHEIGHT"),
        ("size=0x0", "from 64x32 to 8192x8192"),
        ("size=99999x99999", "from 64x32 to 8192x8192"),
        ("rate=0", "frames per second from 1 to 240"),
        ("rate=1/0", "frames per second from 1 to 240"),
        ("frames=-1", "a number of frames, or 0 for no end"),
        ("smoke=nan", "a density from 0 to 0.9"),
        ("content=square", "write circle or full"),
        ("layout=rgb24", "write yuv420p, yuv420p10le"),
        ("range=wide", "write limited or full"),
        ("realtime=yes", "write 0 or 1"),
        ("seed=", "a whole number from 0"),
    ],
)
def test_a_bad_address_is_refused_in_a_sentence_that_names_what_is_allowed(query: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PhantomSource(f"phantom:?{query}")
    assert sentence in str(caught.value)


def test_the_frame_number_survives_strong_compression(tmp_path: Path) -> None:
    source = PhantomSource("phantom:?size=320x180&frames=12")
    path = tmp_path / "phantom.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "40"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for frame in source:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.vstack(_rows(frame)), format="yuv420p")))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        lumas = [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]
    assert [read_frame_number(luma) for luma in lumas] == list(range(12))


def _rows(frame: Frame) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    y, cb, cr = frame.planes
    return [y.astype(np.uint8), *(c.reshape(-1, y.shape[1]).astype(np.uint8) for c in (cb, cr))]


@pytest.mark.parametrize("number", [0, 1, 12345, LARGEST])
def test_the_frame_number_survives_scaling_and_a_change_of_contrast(number: int) -> None:
    luma = np.full((180, 320), 90, np.uint8)
    paint_frame_number(luma, number, 16, 235)
    ramp = np.linspace(0.2, 0.5, 320)[None, :]
    dim = np.clip(luma * ramp + 100.0 * (1.0 - ramp), 0, 255).astype(np.uint8)
    assert read_frame_number(np.asarray(cv2.resize(dim, (800, 450)), np.uint8)) == number


def test_a_picture_without_a_number_is_not_read_as_one() -> None:
    for level in (0, 128, 255):
        with pytest.raises(ValueError, match="no readable frame number"):
            read_frame_number(np.full((180, 320), level, np.uint8))


def test_a_live_phantom_keeps_the_clock_and_leaves_out_what_nobody_took() -> None:
    source = PhantomSource("phantom:?size=64x48&rate=50&realtime=1")
    assert source.info.live
    assert source.info.frame_count is None
    arrivals: list[tuple[int, int]] = []
    for frame in source:
        arrivals.append((frame.pts, frame.captured_ns))
        if len(arrivals) == 5:
            time.sleep(1.5)
        if len(arrivals) == 12:
            source.close()
    assert len(arrivals) == 12
    pts = [number for number, _ in arrivals]
    assert pts[5] - pts[4] >= 70
    assert pts[-1] < LARGEST
    clock = [captured_ns - number * 20_000_000 for number, captured_ns in arrivals]
    assert max(clock) - min(clock) < 1_000_000_000
