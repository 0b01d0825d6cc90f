from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from eid_stream.core.errors import ConfigError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, nearest_layout, view
from eid_stream.core.frame import PIXEL_LAYOUTS
from eid_stream.sources.file.opening.device_decoder import DEVICES
from eid_stream.sources.file.video_file import VideoFileSource
from tests.command import Say
from tests.media.writing import Clip, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", Clip(frames=6))


def samples(path: Path, decoder: str) -> tuple[list[NDArray[Any]], str]:
    source = VideoFileSource(str(path), decoder=decoder)
    frames = [np.concatenate([plane.ravel() for plane in frame.planes]) for frame in source]
    source.close()
    return frames, " ".join(source.notes)


@pytest.mark.parametrize("decoder", [*DEVICES, "auto"])
def test_with_or_without_the_device_the_same_samples_come_and_one_sentence_tells_a_fall_back(
    clip: Path, decoder: str
) -> None:
    expected, silent = samples(clip, "software")
    found, note = samples(clip, decoder)
    np.testing.assert_array_equal(found, expected)
    assert "decoded" not in silent
    if not note:
        pytest.skip(f"{decoder} works here, and gave the same samples")
    assert "The video is decoded in software" in note
    for device in DEVICES if decoder == "auto" else (decoder,):
        assert f"{device}: " in note


@pytest.mark.parametrize(("device", "planar"), [("nv12", "yuv420p"), ("p010le", "yuv420p10le")])
def test_the_pictures_that_devices_hand_out_keep_every_sample(device: str, planar: str) -> None:
    """Devices interleave chroma and put 10 bits at the top of 16: told apart from software by nothing but that."""
    layout = PIXEL_LAYOUTS[planar]
    width, height, top = 64, 48, 1 << layout.bit_depth
    random = np.random.default_rng(0)
    luma = random.integers(0, top, (height, width))
    blue, red = (random.integers(0, top, (height // 2, width // 2)) for _ in range(2))
    shift = 0 if device == "nv12" else 6
    chroma = np.stack([blue, red], axis=-1).reshape(height // 2, width)
    picture = VideoFrame(width, height, device)
    for plane, content in zip(picture.planes, (luma << shift, chroma << shift), strict=True):
        rows = np.zeros((plane.height, plane.line_size // layout.dtype.itemsize), layout.dtype)
        rows[:, :width] = content
        plane.update(rows.tobytes())
    assert nearest_layout(av.VideoFormat(device)) is layout
    for found, expected in zip(view(LayoutConverter(layout).convert(picture)), (luma, blue, red), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_an_unknown_decoder_is_refused_with_the_names_there_are(clip: Path) -> None:
    with pytest.raises(ConfigError, match="Use auto, software, nvdec, vaapi, qsv"):
        VideoFileSource(str(clip), decoder="omx")


def test_the_command_says_that_it_decodes_in_software(say: Say, clip: Path, tmp_path: Path) -> None:
    status, told = say("--source", clip, "--out", tmp_path / "out.mp4", "--engine", "prior", "--decoder", "nvdec")
    assert status == 0
    if "decoded in software" not in told:
        pytest.skip("nvdec works here")
    assert "nvdec: it cannot be used here" in told


def test_a_decoder_for_what_is_no_file_is_refused(say: Say, tmp_path: Path) -> None:
    status, told = say("--source", "phantom:", "--out", tmp_path / "out.mp4", "--decoder", "auto")
    assert status == 2
    assert "--decoder is for files" in told
