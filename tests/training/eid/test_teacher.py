"""The teacher on whole frames."""

from pathlib import Path

import numpy as np
import pytest
import torch
from deepinv.physics import Physics
from torch import Tensor, nn

from eid_stream.core.errors import ConfigError
from training.eid.haze_losses import ReplayBuffer
from training.eid.haze_networks import ResnetGenerator
from training.eid.teacher import Rgb, Teacher, build_teacher, load_teacher


class Brighten(nn.Module):
    """Stands for a network whose answer is known: lifts contrast and brightness alike everywhere."""

    def forward(self, y: Tensor, physics: Physics) -> Tensor:  # noqa: ARG002
        return 1.5 * y - 0.1


def scene(height: int, width: int) -> Rgb:
    noise = np.random.default_rng(0).random((height, width, 3), np.float32)
    return np.asarray(0.2 + 0.4 * noise, np.float32)


def test_an_affine_answer_reaches_the_full_frame_with_its_detail() -> None:
    frame = scene(300, 420)
    out = Teacher(Brighten(), working_side=150, find_content=False)(frame)
    np.testing.assert_allclose(out, 1.5 * frame - 0.1, atol=0.02)


def test_the_border_around_the_scene_stays_as_it_is() -> None:
    frame = np.zeros((200, 260, 3), np.float32)
    frame[20:180, 40:220] = scene(160, 180)
    out = Teacher(Brighten(), working_side=80)(frame)
    assert not out[:16].any()
    assert not out[:, :34].any()
    assert float(np.abs(out[60:140, 80:180] - frame[60:140, 80:180]).mean()) > 0.02


def test_the_network_starts_as_nearly_the_identity_and_answers_alike_in_training_and_use() -> None:
    torch.manual_seed(0)
    network, picture = build_teacher((8, 16, 24)), torch.rand(1, 3, 45, 70)
    with torch.no_grad():
        training, use = network.train()(picture, Physics()), network.eval()(picture, Physics())
    assert torch.equal(training, use)
    assert float((use - picture).abs().mean()) < 0.1


def test_a_neighbour_in_the_batch_changes_no_answer() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 32, 32)
    for network in (build_teacher((8, 16)).train(), ResnetGenerator(width=8, blocks=1).train()):
        arguments = (Physics(),) if not isinstance(network, ResnetGenerator) else ()
        with torch.no_grad():
            together, alone = network(pictures, *arguments), network(pictures[:1], *arguments)
        torch.testing.assert_close(together[:1], alone, rtol=0.0, atol=1e-5)


def test_a_missing_checkpoint_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read the checkpoint"):
        load_teacher(tmp_path / "teacher.safetensors")


def test_the_replay_buffer_gives_back_as_many_as_it_takes_and_forgets_none_at_once() -> None:
    buffer = ReplayBuffer(capacity=4, seed=0)
    first = buffer.exchange(torch.zeros(4, 1))
    assert first.shape == (4, 1)
    later = torch.cat([buffer.exchange(torch.full((4, 1), float(i))) for i in range(1, 6)])
    assert later.shape == (20, 1)
    assert 0.0 in later, "old fakes come back"
