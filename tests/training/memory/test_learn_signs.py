"""Weights of the signs of smoke, learned from a handful of frames."""

from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.dehazing.memory.scene_statistics import COLUMNS, ROWS
from eid_stream.dehazing.memory.smoke_signs import NAMES
from training.memory.histories import Moment
from training.memory.learn_signs import learn, observe


def moments(count: int = 60) -> list[Moment]:
    """Two cameras; smoke in the left half of every second moment, told by luma alone."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        opacity = np.zeros((ROWS, COLUMNS), np.float32)
        if number % 2:
            opacity[:, : COLUMNS // 2] = 0.3
        signs = rng.normal(0.0, 0.5, (len(NAMES), ROWS, COLUMNS)).astype(np.float32)
        signs[NAMES.index("luma")] += 6.0 * opacity
        content = np.ones((ROWS, COLUMNS), np.float32)
        made.append(Moment("one" if number % 3 else "other", signs, content, opacity, 0.9))
    return made


def test_the_sign_that_tells_has_the_weight_and_the_bar_lets_few_false_alarms_pass() -> None:
    seen = moments()
    learned = learn("haze", seen)
    weights, ((likeness, bar),) = learned["weights"], learned["bar"]
    assert max(weights, key=weights.__getitem__) == "luma"
    assert likeness == pytest.approx(0.9, abs=1e-3)
    row = np.array([weights[name] for name in NAMES[:16]])
    odds = np.stack([np.tensordot(row, m.signs[:16], axes=1) for m in seen]) + learned["bias"]
    smoky = np.stack([m.opacity for m in seen]) > 0.0
    assert (odds[~smoky] > bar).mean() < 0.04
    assert (odds[smoky] > bar).mean() > 0.8


def test_the_same_moments_give_the_same_weights() -> None:
    assert learn("puff", moments()) == learn("puff", moments())


def test_one_camera_system_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frames.csv").write_text("path,kind,source,video,width,height,split,licence\n")
    with pytest.raises(ConfigError, match="two camera systems"):
        observe(tmp_path, seed=0, veils=2)
