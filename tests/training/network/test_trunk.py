from pathlib import Path

import pytest
import torch

from eid_stream.core.errors import ConfigError
from training.network import trunk as trunk_module
from training.network.student import Student
from training.network.trunk import Trunk


def test_trained_features_have_three_sizes_and_tell_pictures_apart() -> None:
    trunk = Trunk()
    trunk.begin_as_on_imagenet()
    with torch.no_grad():
        features = trunk(torch.rand(2, 3, 48, 64))
    assert [tuple(f.shape) for f in features] == [(2, 24, 12, 16), (2, 40, 6, 8), (2, 80, 3, 4)]
    assert all((f[0] - f[1]).abs().max() > 0.1 for f in features)


def test_the_trunks_first_stages_never_learn_and_the_later_ones_do() -> None:
    student = Student()
    maps, _ = student(torch.rand(2, 3, 48, 64))
    maps.sum().backward()
    assert all(weight.grad is None for weight in student.trunk.to_4.parameters())
    assert all(weight.grad is not None for weight in student.trunk.to_16.parameters())


def test_without_the_pruned_weights_one_is_told_which_file_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trunk_module, "PRUNED", tmp_path / "trunk.safetensors")
    with pytest.raises(ConfigError, match=r"Cannot read the checkpoint .*trunk\.safetensors"):
        Trunk().begin_as_on_imagenet()
