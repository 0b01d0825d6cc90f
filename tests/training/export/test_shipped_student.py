import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx
from eid_stream.backends.student_contract import shipped_card
from eid_stream.core.thumbnail import Area, Thumbnail
from training.data.frames import data_folder, read_frame_list
from training.data.picture_cache import load_pictures
from training.data.views import plain_view
from training.network.colour import convert, rgb_to_ycbcr

WEIGHTS = Path(__file__).resolve().parents[3] / "eid_stream" / "weights"


def test_the_shipped_student_is_small_and_is_the_one_its_card_describes() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 2_000_000
    card = shipped_card()
    assert hashlib.sha256((WEIGHTS / "student.onnx").read_bytes()).hexdigest() == card.student_sha256
    assert card.golden
    assert card.metrics
    assert card.training_data


def test_the_shipped_student_tells_real_smoke_from_clear_views_of_videos_it_never_saw() -> None:
    if not (data_folder() / "frames.csv").exists():
        pytest.skip("The real frames are not here: set EID_DATA to their folder.")
    records = [r for r in read_frame_list(data_folder()) if r.split == "val"]
    engine = open_onnx()
    densities = {}
    for kind in ("clear", "hazy"):
        pictures = load_pictures([r for r in records if r.kind == kind][::6])
        views = [convert(torch.from_numpy(plain_view(p).rgb), rgb_to_ycbcr(1)).numpy() for p in pictures]
        maps = [engine.estimate(Thumbnail(view, Area(0, 0, 256, 192))) for view in views]
        densities[kind] = np.median([answer.density for answer in maps])
    assert densities["clear"] < 0.01  # the engine without a network sees 0.04
    assert densities["hazy"] > 0.3  # and 0.18
