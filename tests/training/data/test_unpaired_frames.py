"""Batches of unpaired squares, from pictures on disk."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from eid_stream.core.errors import ConfigError
from training.data.frames import FrameRecord
from training.data.unpaired_frames import UnpairedFrames, choose_records

LEVELS = {("hazy", "a"): 200, ("clear", "a"): 100, ("hazy", "b"): 210, ("clear", "b"): 110, ("hazy", "lonely"): 40}


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    """One even grey picture of each kind and source, told apart by its level, inside a black endoscopic circle."""
    made = []
    for (kind, source), level in LEVELS.items():
        picture = np.zeros((120, 160, 3), np.uint8)
        cv2.circle(picture, (80, 60), 58, (level,) * 3, -1)
        path = tmp_path / f"{kind}_{source}.png"
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        made.append(FrameRecord(path, kind, source, source, 160, 120, "train", "test"))
    return made


def levels_of(squares: torch.Tensor) -> list[int]:
    return [round(255 * float(square.median())) for square in squares]


def test_hazy_and_clear_squares_come_from_the_same_source(records: list[FrameRecord]) -> None:
    frames = UnpairedFrames(records, side=32, code_length=4, seed=0)
    batch = frames.batch(0, 12)
    pairs = set(zip(levels_of(batch.hazy), levels_of(batch.clear), strict=True))
    assert pairs == {(200, 100), (210, 110)}


def test_sources_without_clear_frames_teach_where_nothing_is_compared(records: list[FrameRecord]) -> None:
    frames = UnpairedFrames(records, side=32, code_length=4, seed=0)
    assert 40 in levels_of(frames.batch(0, 24, within_source=False).hazy)


def test_squares_lie_inside_the_scene(records: list[FrameRecord]) -> None:
    batch = UnpairedFrames(records, side=32, code_length=4, seed=0).batch(3, 24)
    black = (torch.cat([batch.hazy, batch.clear]).amax(1) < 0.1).float().mean()
    assert float(black) < 0.02


def test_the_batch_of_a_step_is_the_same_every_time_and_is_shared_out_among_processes(
    records: list[FrameRecord],
) -> None:
    frames = UnpairedFrames(records, side=32, code_length=4, seed=0)
    whole = frames.batch(5, 4)
    shares = [frames.batch(5, 4, rank=rank, world_size=2) for rank in range(2)]
    for name in ("hazy", "clear", "code"):
        parts = [getattr(share, name) for share in shares]
        assert torch.equal(torch.stack([parts[0], parts[1]], 1).flatten(0, 1), getattr(whole, name))
    assert not torch.equal(frames.batch(6, 4).code, whole.code)


def test_one_folder_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Only one of --hazy and --clear"):
        choose_records(tmp_path, None)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No pictures in"):
        choose_records(tmp_path, tmp_path)
