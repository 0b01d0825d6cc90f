"""What a student begins with, and which of its weights learn when."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eid_stream.core.errors import ConfigError
from tests.training.conftest import scene
from training.checkpoint import save_checkpoint
from training.data.picture_cache import make_picture
from training.network.frozen_stages import FrozenStages
from training.network.student import StudentShape
from training.network.trunk import Trunk
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchMaker, BatchSizes
from training.student.learning import StudentLearning
from training.student.options import StudentOptions

OPTIONS = StudentOptions(steps=4, shape=StudentShape(fine=8, coarse=8), eid=None)
SIZES = BatchSizes(rendered=2, clear=1, hazy=1, witnesses=0)


def _learning(options: StudentOptions = OPTIONS) -> StudentLearning:
    return StudentLearning(options, None, torch.device("cpu"))


def _maker() -> BatchMaker:
    pictures = [make_picture(scene("clear", n), kind="clear") for n in range(2)]
    pictures += [make_picture(scene("smoky", n), kind="hazy") for n in range(2)]
    return BatchMaker(pictures=pictures, veils=VeilBank(count=2, seed=1), seed=0)


def test_a_student_may_begin_as_another_one_and_not_as_one_of_another_shape(tmp_path: Path) -> None:
    first = _learning()
    save_checkpoint(tmp_path / "first.safetensors", first.student.state_dict(), {})
    again = _learning(replace(OPTIONS, seed=1, start=tmp_path / "first.safetensors"))
    torch.testing.assert_close(again.average.state_dict(), first.student.state_dict())
    with pytest.raises(ConfigError, match="another shape"):
        _learning(replace(OPTIONS, shape=StudentShape(fine=16), start=tmp_path / "first.safetensors"))


def test_features_from_imagenet_learn_slower_than_what_is_new() -> None:
    rates = [group["initial_lr"] for group in _learning().parts()["optimiser"].state_dict()["param_groups"]]
    assert rates == pytest.approx([OPTIONS.learning_rate, OPTIONS.learning_rate / 10])


def test_the_trunks_last_stages_learn_and_its_first_ones_never() -> None:
    learning, maker = _learning(), _maker()
    before = {name: value.clone() for name, value in learning.student.trunk.state_dict().items()}
    learning.step(maker.draw(0, SIZES, shrink=2), 0)
    learning.step(maker.draw(1, SIZES), 1)
    after = learning.student.trunk.state_dict()
    assert {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])} == {"to_8", "to_16"}


def test_every_term_of_a_step_has_a_weight_and_pulls() -> None:
    terms = _learning().step(_maker().draw(0, SIZES), 0)
    assert {"rgb", "opacity", "airlight", "identity", "teacher", "label", "total"} == set(terms)
    assert all(np.isfinite(value) for value in terms.values())


def test_the_first_stages_answer_as_the_trunk_does() -> None:
    trunk = Trunk()
    trunk.begin_as_on_imagenet()
    stages, pictures = FrozenStages(trunk, 1), torch.rand(2, 3, 64, 96)
    torch.testing.assert_close(stages(pictures), trunk.to_4(pictures), atol=1e-4, rtol=1e-4)
    small = pictures[..., ::2, ::2]
    torch.testing.assert_close(stages(small), trunk.to_4(small), atol=1e-4, rtol=1e-4)
