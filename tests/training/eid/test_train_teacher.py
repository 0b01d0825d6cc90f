"""Both commands of the EID teacher, from folders of unpaired pictures to a clear picture."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
import torch
from deepinv.loss import EILoss
from lightning_fabric import Fabric
from torch import Tensor

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.data.synthetic_haze import HiddenTruth, write_problem
from training.data.unpaired_frames import UnpairedFrames, choose_records
from training.eid.eid_losses import EidWeights, build_transform
from training.eid.haze_networks import CODE_LENGTH
from training.eid.haze_operator import AnyHaze, ScatteringHaze, build_haze, load_haze
from training.eid.teacher import build_teacher, load_teacher
from training.eid.teacher_options import TeacherOptions, faithful_recipe
from training.eid.train_haze import HazeLearning, HazeOptions, learn_haze
from training.eid.train_haze import main as train_haze
from training.eid.train_teacher import TeacherLearning, learn_teacher
from training.eid.train_teacher import main as train_teacher

HAZE = HazeOptions(
    side=48, width=16, depth=2, discriminator_width=8, batch=4, steps=90, learning_rate=1e-3, average_decay=0.9
)
TEACHER = TeacherOptions(
    channels=(12, 24, 32), side=48, batch=4, steps=60, learning_rate=2e-3, average_decay=0.9,
    weights=EidWeights(warm_up_steps=20),
)  # fmt: skip
TINY = replace(TEACHER, channels=(4, 8), side=32, steps=4)


class Learned(NamedTuple):
    folder: Path
    truth: HiddenTruth
    haze: AnyHaze
    first_log: dict[str, Any]
    last_log: dict[str, Any]


def fabric(precision: Literal["32-true", "bf16-mixed"] = "32-true") -> Fabric:
    return Fabric(accelerator="cpu", devices=1, precision=precision)


def folders(folder: Path, side: int) -> UnpairedFrames:
    records = choose_records(folder / "hazy", folder / "clear")
    return UnpairedFrames(records, side=side, code_length=CODE_LENGTH, seed=0, find_content=False)


def psnr(picture: Tensor, truth: Tensor) -> float:
    return float((-10 * torch.log10((picture - truth).square().mean((1, 2, 3)))).mean())


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("haze_world")
    truth = write_problem(folder)
    learn_haze(HAZE, folders(folder, HAZE.side), folder, fabric(), log_every=20)
    haze = load_haze(folder / "haze.safetensors")
    learn_teacher(TEACHER, haze, folders(folder, TEACHER.side), folder, fabric(), log_every=20)
    lines = (folder / "teacher_log.jsonl").read_text().splitlines()
    return Learned(folder, truth, haze, json.loads(lines[0]), json.loads(lines[-1]))


def estimate(learned: Learned, hazy: Tensor) -> Tensor:
    weights, _ = load_checkpoint(learned.folder / "teacher.safetensors")
    network = build_teacher(TEACHER.channels)
    network.load_state_dict(weights)
    with torch.no_grad():
        answer: Tensor = network(hazy, learned.haze)
    return answer


def test_the_teacher_comes_3_db_nearer_to_a_truth_it_never_saw(learned: Learned) -> None:
    hazy, truth = learned.truth
    assert psnr(estimate(learned, hazy).clamp(0, 1), truth) > psnr(hazy, truth) + 3


def test_losses_fall(learned: Learned) -> None:
    haze_log = [json.loads(line) for line in (learned.folder / "haze_log.jsonl").read_text().splitlines()]
    # The cycle's error need not fall: the adversary may make the veils harder to see through.
    assert haze_log[-1]["identity"] < 0.5 * haze_log[0]["identity"]
    for name in ("consistency", "equivariance", "identity"):
        assert learned.last_log[name] < 0.7 * learned.first_log[name], name


def test_the_estimate_hazed_again_is_the_observation(learned: Learned) -> None:
    hazy = learned.truth.hazy
    again = learned.haze.rehazing(hazy).A(estimate(learned, hazy))
    # The untrained network is the identity: hazing what is hazy already misses by far more.
    untrained = learned.haze.rehazing(hazy).A(hazy)
    assert float((again - hazy).square().mean()) < 0.3 * float((untrained - hazy).square().mean())
    assert float((again - hazy).abs().mean()) < 0.08


def test_the_equivariance_error_is_below_that_of_the_identity(learned: Learned) -> None:
    hazy = learned.truth.hazy
    physics = learned.haze.hazing(torch.randn(len(hazy), CODE_LENGTH, generator=torch.Generator().manual_seed(1)))

    def error(network: torch.nn.Module) -> float:
        loss = EILoss(build_transform(("rotate", "reflect"), 0), apply_noise=False)
        with torch.no_grad():
            return float(loss(x_net=network(hazy, physics), physics=physics, model=network))

    weights, _ = load_checkpoint(learned.folder / "teacher.safetensors")
    trained, untrained = build_teacher(TEACHER.channels), build_teacher(TEACHER.channels)
    trained.load_state_dict(weights)
    assert error(trained) < 0.5 * error(untrained)


def test_a_saved_teacher_dehazes_frames_of_any_size(learned: Learned) -> None:
    teacher = load_teacher(learned.folder / "teacher.safetensors")
    for height, width in ((40, 97), (171, 120)):
        frame = np.random.default_rng(0).random((height, width, 3), np.float32)
        out = teacher(frame)
        assert out.shape == frame.shape
        assert out.dtype == np.float32
        assert float(out.min()) >= 0.0
        assert float(out.max()) <= 1.0


def test_both_commands_run_on_folders_and_keep_their_options(learned: Learned, tmp_path: Path) -> None:
    hazy, clear = learned.folder / "hazy", learned.folder / "clear"
    train_haze(tmp_path, form="generator", hazy=hazy, clear=clear, find_content=False, steps=2, side=32)
    train_teacher(
        tmp_path / "haze.safetensors", tmp_path, hazy=hazy, clear=clear, find_content=False,
        alpha=0.5, transforms=("shift",), adversarial_weight=0.01, steps=2, side=32,
    )  # fmt: skip
    _, made_by = load_checkpoint(tmp_path / "teacher.safetensors")
    assert made_by["options"]["weights"]["equivariance"] == 0.5
    assert made_by["options"]["transforms"] == ["shift"]
    assert made_by["frames"] == {"hazy": 60, "clear": 60}


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(learned: Learned, tmp_path: Path) -> None:
    frames = folders(learned.folder, TINY.side)
    torch.manual_seed(0)
    haze = build_haze("scattering", width=8, depth=1)
    learn_teacher(TINY, haze, frames, tmp_path / "whole", fabric())
    learn_teacher(TINY, haze, frames, tmp_path / "parts", fabric(), stop_at=2)
    learn_teacher(TINY, haze, frames, tmp_path / "parts", fabric())
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")


def test_a_run_is_not_taken_up_with_other_options(learned: Learned, tmp_path: Path) -> None:
    frames, haze = folders(learned.folder, TINY.side), build_haze("scattering", width=8, depth=1)
    learn_teacher(TINY, haze, frames, tmp_path, fabric(), stop_at=1)
    with pytest.raises(ConfigError, match="begun with other options"):
        learn_teacher(replace(TINY, learning_rate=1.0), haze, frames, tmp_path, fabric())


def test_half_precision_rounds_no_picture(learned: Learned) -> None:
    batch, seen = folders(learned.folder, TINY.side).batch(0, 2), list[Tensor]()
    teaching = TeacherLearning(TINY, learned.haze, fabric("bf16-mixed"))
    teaching.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    hazing = HazeLearning(replace(HAZE, alone_share=0.0), fabric("bf16-mixed"))
    hazing.haze.companion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for learning in (teaching, hazing):
        seen.clear()
        losses = learning.step(batch, 0)
        assert any(torch.equal(picture, batch.hazy) for picture in seen)
        assert all(np.isfinite(loss) for loss in losses.values())


def test_two_processes_give_the_result_of_one(learned: Learned, tmp_path: Path) -> None:
    haze = learned.folder / "haze.safetensors"
    hazy, clear = learned.folder / "hazy", learned.folder / "clear"
    train_teacher(haze, tmp_path / "one", hazy=hazy, clear=clear, find_content=False, steps=3, side=32)
    command = [sys.executable, "-m", "training.eid.train_teacher", str(haze), str(tmp_path / "two")]
    folders_given = ["--hazy", str(hazy), "--clear", str(clear), "--no-find-content"]
    options = ["--steps=3", "--side=32", "--devices=2", "--threads=1"]
    subprocess.run([*command, *folders_given, *options], check=True, capture_output=True, timeout=200)
    assert_same_weights(tmp_path / "one", tmp_path / "two", tolerance=1e-5)


def assert_same_weights(one: Path, other: Path, tolerance: float = 0.0) -> None:
    ours, _ = load_checkpoint(one / "teacher.safetensors")
    theirs, _ = load_checkpoint(other / "teacher.safetensors")
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        torch.testing.assert_close(weight, theirs[name], rtol=0.0, atol=tolerance)


def test_the_faithful_preset_has_the_published_settings() -> None:
    options = faithful_recipe(TeacherOptions(), hazy_frames=7)
    assert (options.side, options.batch, options.steps, options.learning_rate) == (256, 1, 70, 1e-5)
    assert options.weights == EidWeights(equivariance=1.0, identity=0.0, warm_up_steps=0)
    assert sum(p.numel() for p in build_teacher(options.channels).parameters()) == pytest.approx(34.53e6, rel=0.01)


def test_a_smooth_veil_hides_nothing() -> None:
    torch.manual_seed(0)
    haze = ScatteringHaze(width=8, depth=1)
    clear = torch.rand(2, 3, 40, 56)
    veil = haze.draw_veil(clear, torch.randn(2, CODE_LENGTH)).detach()
    assert float(veil.transmission.min()) >= 0.2
    assert float(veil.transmission.max()) <= 1.0
    # One cell of the veil's grid spans 2.5 pixels here: neighbours differ little, whatever the picture.
    assert float(veil.transmission.diff(dim=-1).abs().max()) < 0.25
    torch.testing.assert_close(veil.lifted_from(veil.over(clear)), clear, rtol=0.0, atol=1e-5)
