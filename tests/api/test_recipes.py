"""The code of docs/python.md, run as it stands there."""

import re
import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.media.writing import Clip, write_clip

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def recipe(word: str) -> str:
    (block,) = [block for block in BLOCKS if word in block]
    return str(block)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_clip(tmp_path / "surgery.mp4", Clip(frames=30, rate=Fraction(10), size=(128, 96)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code: str, **given: Any) -> dict[str, Any]:
    names = {"__name__": "recipe", **given}
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # other people's libraries
        exec(compile(code, str(PAGE), "exec"), names)
    return names


def test_every_recipe_is_run() -> None:
    words = ("dehazer.reset()", "progress=print", "dehaze_folder", "DataLoader", "MapTransform")
    assert sorted(recipe(word) for word in (*words, "VideoCapture", "pandas")) == sorted(BLOCKS)


def test_pictures(hazy: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    names = run(recipe("dehazer.reset()"), rgb=hazy)
    assert names["clear"].shape == names["one"].shape == hazy.shape
    assert 0.0 < names["maps"].density <= 1.0


def test_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = run(recipe("progress=print"))
    assert (folder / "clear.mp4").stat().st_size > 0
    assert names["report"]["written_frames"] == {"record": 30}
    assert capsys.readouterr().out.splitlines()[-1] == "Progress(frames=30, seconds=2.9, done=1.0)"


def test_a_folder(folder: Path) -> None:
    (folder / "recordings").mkdir()
    (folder / "surgery.mp4").rename(folder / "recordings" / "surgery.mp4")
    names = run(recipe("dehaze_folder"))
    assert (folder / "cleared" / "surgery.mp4").stat().st_size > 0
    assert len(names["manifest"]) == 1


def test_a_dataset_of_pytorch_with_a_worker_process(hazy: np.ndarray[Any, np.dtype[np.uint8]], tmp_path: Path) -> None:
    """In a process of its own, as a training is: what other tests have loaded here may not survive a fork."""
    pytest.importorskip("torch")
    np.save(tmp_path / "hazy.npy", np.moveaxis(hazy, -1, 0)[None].repeat(4, 0) / np.float32(255))
    program = (
        f"import numpy as np, torch\nframes = torch.from_numpy(np.load({str(tmp_path / 'hazy.npy')!r}))\n"
        f"{recipe('DataLoader')}\n"
        "assert batch.shape == (2, *frames.shape[1:])\n"
        "assert (batch[0] < frames[0]).float().mean() > 0.5\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_dictionary_transform_of_monai(folder: Path, hazy: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    monai = pytest.importorskip("monai.data", reason="monai is not installed: pip install monai")
    import cv2

    cv2.imwrite(str(folder / "frame.png"), hazy[..., ::-1])
    sample = run(recipe("MapTransform"))["sample"]
    assert isinstance(sample["image"], monai.MetaTensor)
    assert sample["image"].shape == (3, *hazy.shape[:2])
    assert sample["image"].mean() < (hazy / 255).mean() - 0.02
    assert sample["image"].meta["filename_or_obj"].endswith("frame.png")
    assert sample["label"] == 1


def test_a_capture_loop_of_opencv(folder: Path) -> None:
    run(recipe("VideoCapture"))
    assert len(list(folder.glob("clear-*.png"))) == 30


def test_a_table_of_pandas(folder: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    haze = run(recipe("pandas"))["haze"]
    assert list(haze.index) == [0, 1, 2]
    assert haze["density"].between(0.0, 1.0).all()
    assert (folder / "haze.csv").read_text(encoding="utf-8").startswith("second,density\n0,")
