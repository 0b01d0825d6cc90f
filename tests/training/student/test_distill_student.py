"""The distillation's command, its data, and what a step of it looks at."""

from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from lightning_fabric import Fabric

from eid_stream.core.errors import ConfigError
from tests.training.conftest import write_training_folder
from tests.training.data.moving_scene import write_clip
from training.checkpoint import load_checkpoint, save_checkpoint
from training.command import run_command
from training.data.frames import read_frame_list, write_frame_list
from training.eid.haze_operator import HazeForm, build_haze
from training.eid.teacher import build_teacher
from training.network.student import StudentShape
from training.student.batch import BatchSizes
from training.student.distill_student import Knowledge, gather, main
from training.student.learning import StudentData, StudentLearning
from training.student.losses import LossWeights
from training.student.options import StudentOptions

OPTIONS = StudentOptions(steps=2, veils=2, shape=StudentShape(fine=8, coarse=8), sizes=BatchSizes(2, 1, 1, 2, 1, 1, 1))


def save_haze(path: Path, form: HazeForm) -> Path:
    """A haze operator that learned nothing, as training.eid.train_haze would leave it."""
    haze = build_haze(form, width=8, depth=1)
    options = {"form": form, "width": 8, "depth": 1, "side": 32}
    save_checkpoint(path, haze.state_dict(), {"command": "training.eid.train_haze", "options": options})
    return path


def save_teacher(path: Path) -> Path:
    """A teacher that learned nothing, as training.eid.train_teacher would leave it."""
    made_by = {
        "command": "training.eid.train_teacher",
        "options": {"channels": [4, 8], "side": 32},
        "find_content": True,
    }
    save_checkpoint(path, build_teacher((4, 8)).state_dict(), made_by)
    return path


class Distilling(NamedTuple):
    folder: Path
    """Frames, and a clip in which smoke comes."""
    knowledge: Knowledge
    data: StudentData


@pytest.fixture(scope="module")
def distilling(tmp_path_factory: pytest.TempPathFactory) -> Distilling:
    torch.manual_seed(0)
    out = tmp_path_factory.mktemp("distilling")
    folder = write_training_folder(out / "data")
    (folder / "clips").mkdir()
    write_clip(folder / "clips" / "smoke_cuts_256p33.mp4", lambda number: 0.075 * max(0, number - 5))
    haze, teacher = save_haze(out / "haze.safetensors", "scattering"), save_teacher(out / "teacher.safetensors")
    knowledge = Knowledge(haze=haze, teacher=teacher)
    return Distilling(folder, knowledge, gather(folder, knowledge, OPTIONS))


@pytest.fixture
def learning() -> StudentLearning:
    return StudentLearning(OPTIONS, Fabric(accelerator="cpu", devices=1))


def test_the_command_distils_from_checkpoints_frames_and_clips(
    distilling: Distilling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_DATA", str(distilling.folder))
    out, knowledge = tmp_path / "distilled", distilling.knowledge
    small = "--options.shape.fine 8 --options.shape.coarse 8 --options.veils 2 --options.steps 2"
    checkpoints = f"--knowledge.haze {knowledge.haze} --knowledge.teacher {knowledge.teacher} --accelerator cpu"
    with pytest.raises(SystemExit) as ended:
        run_command(main, [str(out), *small.split(), *checkpoints.split()])
    assert not ended.value.code
    _, made_by = load_checkpoint(out / "student.safetensors")
    assert made_by["command"] == "training.student.distill_student"
    assert made_by["step"] == 2
    assert made_by["figures"]


def test_a_step_hears_every_source_and_the_kept_student_is_not_touched_by_a_second_look(
    distilling: Distilling, learning: StudentLearning
) -> None:
    kept = {name: value.clone() for name, value in learning.averaged.state_dict().items()}
    data = distilling.data
    batch = learning.look_again(data.draw(0, OPTIONS.sizes), data, 0)
    assert all(torch.equal(kept[name], value) for name, value in learning.averaged.state_dict().items())
    assert batch.again is not None
    assert batch.hazy.advice is not None
    terms = learning.step(batch)
    assert set(terms) == {field.name for field in fields(LossWeights)} | {"total"}
    assert all(value == value for value in terms.values()), "no term is a NaN"


def test_groups_of_no_pictures_leave_their_terms_out(distilling: Distilling) -> None:
    options = replace(OPTIONS, sizes=replace(OPTIONS.sizes, clips=0, witnesses=0, second_looks=0, turned=False))
    learning = StudentLearning(options, Fabric(accelerator="cpu", devices=1))
    batch = learning.look_again(distilling.data.draw(0, options.sizes), distilling.data, 0)
    assert not {"clip_flicker", "witness", "equivariance", "ensemble"} & set(learning.step(batch))
    with pytest.raises(ConfigError, match="at least one picture of the kind 'clear'"):
        replace(OPTIONS.sizes, clear=0)


def test_a_run_taken_up_again_sees_what_it_would_have_seen(distilling: Distilling, learning: StudentLearning) -> None:
    data = distilling.data
    straight, taken_up, later = (
        [learning.look_again(data.draw(step, OPTIONS.sizes), data, step).groups() for step in steps][-1]
        for steps in (range(3), range(2, 3), range(2, 4))
    )
    assert straight.keys() == taken_up.keys()
    assert all(torch.equal(straight[group], taken_up[group]) for group in straight)
    assert not torch.equal(straight["hazy"], later["hazy"])


def test_what_is_left_out_is_not_learned_from_but_still_validated_on(
    training_folder: Path, learning: StudentLearning
) -> None:
    """Left out are one source of frames, clips, the teacher and the operator."""
    records = read_frame_list(training_folder)
    write_frame_list(training_folder, [replace(r, source="other") if r.path.stem[-1] == "2" else r for r in records])
    (training_folder / "clips").mkdir()
    write_clip(training_folder / "clips" / "smoke_cuts_256p33.mp4", lambda number: 0.1 * number)
    nothing = Knowledge(eid=False, left_out=("other", "smoke_cuts"))
    data = gather(training_folder, nothing, OPTIONS)
    assert data.frames == {"train": 4, "val": 6}
    assert data.clips is None
    assert data.witnesses is None
    terms = learning.step(learning.look_again(data.draw(0, OPTIONS.sizes), data, 0))
    assert not {"answer", "veil", "consistency", "equivariance", "witness", "clip_flicker"} & set(terms)


def test_an_operator_without_veils_is_refused_in_one_sentence_before_frames_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    haze = save_haze(tmp_path / "haze.safetensors", "generator")
    with pytest.raises(SystemExit) as ended:
        run_command(main, [str(tmp_path / "out"), "--knowledge.haze", str(haze), "--accelerator", "cpu"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"Error: Cannot distil from {haze}")
    assert "training.eid.train_haze" in error
    assert "Traceback" not in error
