"""Real clips as a site's recordings: some that never show smoke, some that never show anything else."""

from pathlib import Path

import pytest

from eid_stream.backends import open_engine
from eid_stream.core.errors import ConfigError
from training.adapt.adapt_student import main
from training.adapt.site_frames import site_frames
from training.data.frames import data_folder

CLEAR = ("web_a_clear_320p30.mp4", "web_c_clear_320p60.mp4")
SMOKE = ("web_b_blue_haze_320p25.mp4", "web_c_haze_320p60.mp4")


def recordings(folder: Path, names: tuple[str, ...]) -> Path:
    """A folder of recordings that are clips of the project."""
    folder.mkdir()
    for name in names:
        clip = data_folder() / "clips" / name
        if not clip.exists():
            pytest.skip("The real clips are not here: set EID_DATA to their folder.")
        (folder / name).symlink_to(clip.resolve())
    return folder


def test_recordings_without_smoke_are_clear_to_the_last_frame(tmp_path: Path) -> None:
    engine = open_engine("onnx")
    records = site_frames(recordings(tmp_path / "clear", CLEAR), tmp_path / "out", engine)
    engine.close()
    assert {r.kind for r in records} == {"clear"}
    assert len(records) >= 40


def test_recordings_without_a_clear_moment_are_refused_before_anything_is_learned(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match=r"clear frames were found in .*: from smoke alone a student learns to see"):
        main(recordings=recordings(tmp_path / "smoke", SMOKE), out=out, threads=1)
    assert not (out / "weights").exists()
    assert not (out / "adapted.safetensors").exists()
