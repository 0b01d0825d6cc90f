from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from training.adapt.site_frames import Taken, require_enough, sort_recording
from training.data.frames import FrameRecord
from training.data.picture_cache import make_picture

PICTURE = make_picture(np.ones((96, 128, 3), np.float32))


def taken(*frames: tuple[float, float]) -> list[Taken]:
    """Frames by score and density."""
    return [Taken(PICTURE, "op", score, density) for score, density in frames]


def record(kind: str, split: str) -> FrameRecord:
    return FrameRecord(Path("x.jpg"), kind, "site", "op", 128, 96, split, "")


def test_a_frame_is_hazy_or_clear_where_student_and_statistics_agree() -> None:
    assert sort_recording(taken((0.1, 0.0), (0.1, 0.0), (0.9, 0.4))) == ["clear", "clear", "hazy"]


def test_where_they_do_not_agree_a_frame_is_not_learned_from() -> None:
    assert sort_recording(taken((0.1, 0.0), (0.1, 0.3), (0.9, 0.0))) == ["clear", "unclear", "unclear"]


def test_a_pale_camera_is_judged_by_its_own_clear_moments() -> None:
    pale = taken(*((0.5, 0.0) for _ in range(8)), (0.95, 0.2))
    assert sort_recording(pale) == ["clear"] * 8 + ["hazy"]


def test_a_recording_without_a_clear_moment_gives_no_clear_frames() -> None:
    smoky = taken(*((0.95, 0.3) for _ in range(9)))
    assert "clear" not in sort_recording(smoky)


def test_learning_from_smoke_alone_is_refused() -> None:
    records = [record("hazy", "train") for _ in range(100)] + [record("clear", "train") for _ in range(10)]
    with pytest.raises(ConfigError, match="Only 10 clear frames were found in 110: from smoke alone"):
        require_enough(records)


def test_smoke_is_not_needed_to_begin() -> None:
    require_enough([record("clear", "train") for _ in range(30)] + [record("clear", "val") for _ in range(8)])
