"""What a student begins with, and which of its weights learn."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from eid_stream.core.errors import ConfigError
from training.checkpoint import save_checkpoint
from training.network.student import Student, StudentShape
from training.student.learning import TRUNK_RATE, StudentLearning
from training.student.options import StudentOptions

OPTIONS = StudentOptions(shape=StudentShape(fine=8, coarse=16))


def _learning(options: StudentOptions) -> StudentLearning:
    return StudentLearning(options, Fabric(accelerator="cpu", devices=1))


def test_features_from_imagenet_learn_slower_than_what_is_new() -> None:
    rates = [group["initial_lr"] for group in _learning(OPTIONS).state()["optimiser"]["param_groups"]]
    assert rates == [OPTIONS.learning_rate, OPTIONS.learning_rate * TRUNK_RATE]


def test_without_features_from_imagenet_all_of_the_trunk_learns_as_fast_as_the_rest() -> None:
    learning = _learning(replace(OPTIONS, imagenet=False))
    groups = learning.state()["optimiser"]["param_groups"]
    assert all(weight.requires_grad for weight in learning.student.trunk.parameters())
    assert len(groups[1]["params"]) == len(list(learning.student.trunk.parameters()))
    assert groups[0]["initial_lr"] == groups[1]["initial_lr"]


def test_a_student_begins_with_the_weights_of_the_one_it_starts_from(tmp_path: Path) -> None:
    trained = Student(OPTIONS.shape)
    save_checkpoint(tmp_path / "student.safetensors", trained.state_dict(), {})
    begun = _learning(replace(OPTIONS, start=tmp_path / "student.safetensors")).averaged.state_dict()
    assert all(torch.equal(begun[name], value) for name, value in trained.state_dict().items())


def test_a_start_of_another_shape_is_refused_with_what_differs(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "student.safetensors", Student(StudentShape(fine=16, coarse=16)).state_dict(), {})
    with pytest.raises(ConfigError, match=r"no student of this version and shape: \d+ weights .*, \S+\.weight for one"):
        _learning(replace(OPTIONS, start=tmp_path / "student.safetensors"))
