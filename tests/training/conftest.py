"""A small training folder, drawn by arithmetic: what the training commands are tried on."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from eid_stream.backends.self_test import golden_thumbnails
from training.data.frames import FrameRecord, write_frame_list
from training.network.colour import convert, ycbcr_to_rgb


def scene(name: str, seed: int) -> NDArray[np.float32]:
    """The golden scene ``clear`` or ``smoky`` as RGB (96, 128, 3) in [0, 1], shifted and mirrored by ``seed``."""
    ycbcr = torch.from_numpy(golden_thumbnails(128, 96)[name].values)
    rgb = convert(ycbcr[None], ycbcr_to_rgb(1))[0].clamp(0, 1).permute(1, 2, 0).numpy()
    return np.ascontiguousarray(np.roll(rgb, 3 * seed, axis=1)[:, :: 1 - 2 * (seed % 2)])


@pytest.fixture
def training_folder(tmp_path: Path) -> Path:
    """Three clear and three hazy frames of each split, with their frames.csv."""
    return write_training_folder(tmp_path / "data")


def write_training_folder(folder: Path) -> Path:
    """Write what ``training_folder`` holds."""
    folder.mkdir()
    records = []
    for split, kind, number in ((s, k, n) for s in ("train", "val") for k in ("clear", "hazy") for n in range(3)):
        path = folder / f"{split}_{kind}_{number}.png"
        rgb = scene("clear" if kind == "clear" else "smoky", number)
        cv2.imwrite(str(path), np.rint(rgb[..., ::-1] * 255))
        records.append(FrameRecord(path, kind, "golden", f"video_{split}", 128, 96, split, "Apache-2.0"))
    write_frame_list(folder, records)
    return folder
