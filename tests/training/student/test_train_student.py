from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from lightning_fabric import Fabric
from onnx import TensorProto

from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.self_test import check
from eid_stream.core.errors import ConfigError
from tests.training.data.moving_scene import write_clip
from training.checkpoint import load_checkpoint, save_checkpoint
from training.command import run_command
from training.data.drawn_scenes import draw_scenes
from training.data.frames import read_frame_list, write_frame_list
from training.eid.haze_operator import HazeForm, build_haze
from training.export.export_student import export_student, export_variants
from training.network.student import StudentShape
from training.smoke.veil_bank import VeilBank
from training.student import train_student
from training.student.batch import BatchSizes
from training.student.options import StudentOptions
from training.student.train_student import load_scattering, main, train
from training.student.trained import load_student

SMALL = StudentShape(fine=8, coarse=16)
OPTIONS = StudentOptions(
    steps=2,
    veils=4,
    shape=SMALL,
    sizes=BatchSizes(rendered=1, clear=1, hazy=1),
    average_decay=0.5,
    eid=None,
    small_first=0.0,
)


@pytest.fixture
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture(scope="module")
def veils() -> VeilBank:
    return VeilBank(count=2, seed=0)


@pytest.fixture(autouse=True)
def little_smoke_and_few_drawn_scenes(monkeypatch: pytest.MonkeyPatch, veils: VeilBank) -> None:
    monkeypatch.setattr(train_student, "draw_scenes", lambda: draw_scenes(2))
    monkeypatch.setattr(train_student, "VeilBank", lambda **_: veils)


def save_haze(path: Path, form: HazeForm) -> Path:
    """A haze operator that learned nothing, as training.eid.train_haze would leave it."""
    haze = build_haze(form, width=8, depth=1)
    options = {"form": form, "width": 8, "depth": 1, "side": 32}
    save_checkpoint(path, haze.state_dict(), {"command": "training.eid.train_haze", "options": options})
    return path


def test_the_command_distils_eid_and_moments_of_clips_into_a_student_that_can_be_exported(
    training_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (training_folder / "clips").mkdir()
    write_clip(training_folder / "clips" / "smoke_480p60.mp4", lambda n: 0.6 if n < 10 else 0.0)
    haze, out = save_haze(training_folder / "haze.safetensors", "scattering"), training_folder.parent / "run"
    monkeypatch.setenv("EID_DATA", str(training_folder))
    sizes = ["--options.sizes.rendered", "1", "--options.sizes.clear", "1", "--options.sizes.hazy", "1"]
    shape = ["--options.shape.fine", "8", "--options.shape.coarse", "16"]
    command = [
        str(out),
        "--options.steps",
        "2",
        "--options.sizes.small",
        "1",
        "--options.veils",
        "2",
        "--options.eid",
        str(haze),
        *sizes,
        *shape,
    ]
    with pytest.raises(SystemExit) as ended:
        run_command(main, command)
    assert not ended.value.code

    student, made_by = load_student(out / "student.safetensors")
    assert made_by["figures"]["clear_psnr"] > 0.0
    card = export_student(student, made_by, out / "export")
    export_variants(student, out / "export")
    assert (card.grid_height, card.grid_width) == (24, 32)
    assert set(card.golden) == {"smoky", "clear", "black", "white", "noise", "extremes"}
    assert (out / "export" / "student_fp16.onnx").exists()
    convolutions = [w for w in onnx.load(out / "export" / "student.onnx").graph.initializer if len(w.dims) == 4]
    single = [tuple(weight.dims) for weight in convolutions if weight.data_type != TensorProto.FLOAT16]
    assert single == [(4, 3, 2, 2)], "what is not learned (the colours of haze features) is not rounded"
    check(OnnxEngine((out / "export" / "student.onnx").read_bytes(), card))


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(training_folder: Path, fabric: Fabric) -> None:
    whole, parts = (training_folder.parent / name for name in ("whole", "parts"))
    train(replace(OPTIONS, steps=3), training_folder, whole, fabric)
    train(replace(OPTIONS, steps=3), training_folder, parts, fabric, stop_at=1)
    train(replace(OPTIONS, steps=3), training_folder, parts, fabric)
    (first, made_by), (second, _) = (load_checkpoint(out / "student.safetensors") for out in (whole, parts))
    assert all(first[name].equal(second[name]) for name in first)
    assert made_by["step"] == 3


def test_a_run_begun_with_other_options_is_not_taken_up(training_folder: Path, fabric: Fabric) -> None:
    out = training_folder.parent / "run"
    train(replace(OPTIONS, steps=1), training_folder, out, fabric)
    with pytest.raises(ConfigError, match="begun with other options"):
        train(replace(OPTIONS, steps=1, learning_rate=1.0), training_folder, out, fabric)


def test_a_camera_system_left_out_is_tried_on_and_not_learned_from(training_folder: Path, fabric: Fabric) -> None:
    records = read_frame_list(training_folder)
    moved = [replace(r, source="other") if r.path.stem.endswith("_2") else r for r in records]
    write_frame_list(training_folder, moved)
    out = training_folder.parent / "run"
    train(replace(OPTIONS, left_out=("other",)), training_folder, out, fabric)
    assert load_checkpoint(out / "student.safetensors")[1]["frames"] == {"train": 4, "tried on": 4}


def test_a_list_without_hazy_frames_is_refused(training_folder: Path, fabric: Fabric) -> None:
    clear = [r for r in read_frame_list(training_folder) if r.kind == "clear"]
    write_frame_list(training_folder, clear)
    with pytest.raises(ConfigError, match="lacks hazy frames"):
        train(OPTIONS, training_folder, training_folder.parent / "run", fabric)


def test_a_haze_operator_without_veils_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="generator form"):
        load_scattering(save_haze(tmp_path / "haze.safetensors", "generator"))
