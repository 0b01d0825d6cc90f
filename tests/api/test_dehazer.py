import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from eid_stream import ConfigError, Dehazer, EngineError
from eid_stream.api.rgb_planes import corrected, frame_of
from eid_stream.core.ffmpeg.picture_buffer import view
from tests.api.conftest import Rgb
from tests.command import Say


@pytest.fixture
def dehazer() -> Iterator[Dehazer]:
    with Dehazer(engine="onnx") as opened:
        yield opened


def write_rgb(path: Path, video: list[Rgb]) -> None:
    with av.open(str(path), "w") as container:
        height, width = video[0].shape[:2]
        stream: Any = container.add_stream("ffv1", rate=10, width=width, height=height, pix_fmt="bgr0")
        for picture in video:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))


def test_the_numbers_are_those_of_the_command(tmp_path: Path, say: Say, video: list[Rgb], dehazer: Dehazer) -> None:
    write_rgb(tmp_path / "hazy.mkv", video)
    files = ("--source", tmp_path / "hazy.mkv", "--out", tmp_path / "clear.mkv")
    assert say(*files, "--codec", "ffv1", "--no-scan")[0] == 0
    with av.open(str(tmp_path / "clear.mkv")) as container:
        of_command = list(container.decode(video=0))
    assert len(of_command) == len(video)
    for number, (rgb, expected) in enumerate(zip(video, of_command, strict=True)):
        clear = dehazer(rgb, seconds=number / 10)
        assert (clear == corrected(rgb, frame_of(rgb, 0.0).planes, view(expected), 8)).all()
        assert np.abs(clear.mean(axis=(0, 1)) - expected.to_ndarray(format="rgb24").mean(axis=(0, 1))).max() < 1.0


def test_smoke_is_taken_away_and_the_picture_given_is_left_alone(hazy: Rgb, dehazer: Dehazer) -> None:
    before = hazy.copy()
    clear = dehazer(hazy)
    assert (hazy == before).all()
    assert clear.astype(int).mean() < hazy.astype(int).mean() - 5
    assert dehazer.estimate(hazy).density > 0.05


def test_nothing_changes_at_strength_0_and_half_of_it_at_a_half(hazy: Rgb, dehazer: Dehazer) -> None:
    whole = dehazer(hazy, still=True).astype(float) - hazy
    dehazer.strength = 0.5
    half = dehazer(hazy, still=True).astype(float) - hazy
    assert half.mean() == pytest.approx(whole.mean() / 2, rel=0.1)
    dehazer.strength = 0.0
    assert (dehazer(hazy) == hazy).all()


def test_a_picture_without_haze_comes_back_as_it_was(dehazer: Dehazer) -> None:
    rng = np.random.default_rng(3)
    dark = rng.integers(0, 40, (192, 256, 3), np.uint8)
    assert (dehazer(dark, still=True) == dark).mean() > 0.999


def test_pictures_of_a_video_help_each_other_and_still_ones_do_not(video: list[Rgb], dehazer: Dehazer) -> None:
    alone = [dehazer(picture, still=True) for picture in video]
    assert (dehazer(video[3], still=True) == alone[3]).all()
    following = [dehazer(picture) for picture in video]
    assert (following[0] == alone[0]).all()
    assert (following[5] != alone[5]).any()
    dehazer.reset()
    assert (dehazer(video[5]) == alone[5]).all()


def test_tensors_come_back_as_they_came(video: list[Rgb], dehazer: Dehazer) -> None:
    torch = pytest.importorskip("torch")
    expected = np.stack([dehazer(picture) for picture in video[:2]])
    batch = torch.from_numpy(np.moveaxis(np.stack(video[:2]), -1, 1).copy())
    dehazer.reset()
    clear = dehazer(batch)
    assert (clear.dtype, clear.shape) == (torch.uint8, batch.shape)
    assert (np.moveaxis(clear.numpy(), 1, -1) == expected).all()
    for dtype in (torch.float16, torch.float32, torch.float64):
        given = (batch / 255).to(dtype)[None]
        dehazer.reset()
        clear = dehazer(given)
        assert (clear.dtype, clear.shape) == (dtype, given.shape)
        assert np.abs(np.moveaxis(clear[0].double().numpy(), 1, -1) * 255 - expected).mean() < 1.0


def test_a_tensor_that_is_a_view_of_another_is_taken(hazy: Rgb, dehazer: Dehazer) -> None:
    torch = pytest.importorskip("torch")
    turned = torch.from_numpy(hazy).permute(2, 0, 1)
    assert (dehazer(turned, still=True).permute(1, 2, 0).numpy() == dehazer(hazy, still=True)).all()
    assert (dehazer(hazy[:, ::-1], still=True)).shape == hazy.shape


def test_a_picture_of_pillow_comes_back_as_one(hazy: Rgb, dehazer: Dehazer) -> None:
    image = pytest.importorskip("PIL.Image")
    clear = dehazer(image.fromarray(hazy), still=True)
    assert isinstance(clear, image.Image)
    assert (np.asarray(clear) == dehazer(hazy, still=True)).all()


def torch_tensor(kind: str) -> Any:
    torch = pytest.importorskip("torch")
    values = torch.zeros(3, 32, 48)
    return {
        "bfloat16": values.to(torch.bfloat16),
        "int64": values.to(torch.int64),
        "of 0 to 255": values + 255,
        "NaN": values + float("nan"),
        "negative": values - 0.5,
        "gradient": values.requires_grad_(),
        "channels last": torch.zeros(32, 48, 3),
        "tiny": torch.zeros(3, 4, 4),
        "none": torch.zeros(0, 3, 32, 48),
    }[kind]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (None, TypeError, "array or a tensor"),
        ([[1, 2], [3, 4]], TypeError, "array or a tensor"),
        (np.zeros((32, 48), np.uint8), ValueError, "(height, width, 3)"),
        (np.zeros((32, 48, 4), np.uint8), ValueError, "(height, width, 3)"),
        (np.zeros((2, 32, 48, 3), np.uint8), ValueError, "(height, width, 3)"),
        (np.zeros((32, 48, 3), np.float32), TypeError, "uint8"),
        (np.zeros((4, 4, 3), np.uint8), ValueError, "16 to 16384"),
        (np.zeros((0, 48, 3), np.uint8), ValueError, "16 to 16384"),
        ("bfloat16", TypeError, "float32"),
        ("int64", TypeError, "uint8, or float"),
        ("of 0 to 255", ValueError, "[0, 1]"),
        ("NaN", ValueError, "[0, 1]"),
        ("negative", ValueError, "[0, 1]"),
        ("gradient", TypeError, ".detach()"),
        ("channels last", ValueError, "(..., 3, height, width)"),
        ("tiny", ValueError, "16 to 16384"),
        ("none", ValueError, "16 to 16384"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(
    given: Any, error: type[Exception], words: str, dehazer: Dehazer
) -> None:
    with pytest.raises(error) as refusal:
        dehazer(torch_tensor(given) if isinstance(given, str) else given)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_estimate_looks_at_one_picture_at_a_time(dehazer: Dehazer) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="one picture at a time; these are 2"):
        dehazer.estimate(torch.zeros(2, 3, 32, 48))


@pytest.mark.parametrize(
    "options", [{"engine": "magic"}, {"strength": 1.5}, {"strength": float("nan")}, {"rate": 0}, {"rate": float("inf")}]
)
def test_values_that_nothing_can_do_with_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Dehazer(**options)


def test_an_engine_that_fails_is_an_error_and_never_the_input(
    hazy: Rgb, dehazer: Dehazer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dehazer(hazy)
    estimator: Any = dehazer._estimator
    estimator.engine.close()
    with pytest.raises(EngineError, match="closed"):
        dehazer(hazy)


def test_closing_twice_is_no_error_and_another_picture_opens_it_again(hazy: Rgb) -> None:
    dehazer = Dehazer()
    first = dehazer(hazy)
    dehazer.close()
    dehazer.close()
    assert (dehazer(hazy, still=True) == first).all()
    dehazer.close()


def test_a_pickled_copy_has_the_options_alone(hazy: Rgb, dehazer: Dehazer) -> None:
    dehazer.strength = 0.25
    dehazer(hazy)
    with pickle.loads(pickle.dumps(dehazer)) as copy:
        assert copy.strength == 0.25
        assert (copy(hazy) == dehazer(hazy, still=True)).all()


def test_importing_the_names_loads_no_library() -> None:
    program = (
        "import sys; from eid_stream import Dehazer, dehaze_file; Dehazer();"
        "print({'numpy', 'av', 'cv2', 'onnxruntime', 'torch', 'yaml', 'cyclopts'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_a_picture_loads_no_torch(hazy: Rgb) -> None:
    program = (
        "import sys, numpy; from eid_stream import Dehazer; Dehazer()(numpy.zeros((48, 64, 3), numpy.uint8));"
        "print({'torch', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert "torch" not in done.stdout


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import eid_stream

    with pytest.raises(AttributeError, match="has no attribute 'dehaze'"):
        _ = eid_stream.dehaze  # type: ignore[attr-defined]


def test_every_public_name_is_there() -> None:
    import eid_stream

    for name in eid_stream.__all__:
        assert getattr(eid_stream, name).__name__ == name
