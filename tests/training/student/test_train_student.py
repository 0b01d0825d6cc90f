import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from lightning_fabric import Fabric
from onnx import TensorProto

from eid_stream.backends.self_test import check
from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.data.frames import read_frame_list
from training.export.export_student import export_student, export_variants
from training.network.student import Rules, Student, StudentShape
from training.student.batch import BatchSizes
from training.student.learning import learn_student
from training.student.options import StudentOptions
from training.student.train_student import load_data
from training.student.trained import load_student

SMALL = StudentShape(fine=8, coarse=16, fine_blocks=1, coarse_blocks=1)


def _options(steps: int) -> StudentOptions:
    return StudentOptions(
        steps=steps, veils=4, validate_every=100, shape=SMALL, sizes=BatchSizes(2, 1, 2, 2, 1), average_decay=0.5
    )


@pytest.fixture
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def test_a_stopped_run_goes_on_and_its_student_can_be_exported(training_folder: Path, fabric: Fabric) -> None:
    out = training_folder.parent / "run"
    records = read_frame_list(training_folder)
    data = load_data(training_folder, records, _options(3))
    learn_student(_options(3), data, out, fabric)
    figures = learn_student(_options(5), data, out, fabric)
    _, made_by = load_checkpoint(out / "student.safetensors")
    assert made_by["step"] == 5
    assert made_by["figures"] == figures
    assert made_by["options"]["shape"]["coarse"] == 16
    assert list((out / "tensorboard").iterdir())

    student, made_by = load_student(out / "student.safetensors")
    card = export_student(student, made_by, out / "export")
    export_variants(student, out / "export")
    assert (card.grid_height, card.grid_width) == (24, 32)
    assert set(card.golden) == {"smoky", "clear", "black", "white", "noise", "extremes"}
    from eid_stream.backends.onnx_engine import OnnxEngine

    assert (out / "export" / "student_fp16.onnx").exists()
    convolutions = [w for w in onnx.load(out / "export" / "student.onnx").graph.initializer if len(w.dims) == 4]
    single = [tuple(weight.dims) for weight in convolutions if weight.data_type != TensorProto.FLOAT16]
    assert single == [(4, 3, 2, 2)], "what is not learned (the colours of haze features) is not rounded"
    check(OnnxEngine((out / "export" / "student.onnx").read_bytes(), card))


def test_a_student_exported_without_a_rule_says_so_and_has_no_figures_of_the_whole(tmp_path: Path) -> None:
    student = Student(StudentShape(fine=8, coarse=8), Rules(forward_scatter=False)).eval()
    card = export_student(
        student, {"command": "training.student.train_student", "step": 5, "figures": {"psnr": 1.0}}, tmp_path
    )
    assert "without forward_scatter" in card.built_by
    assert card.metrics == {}


def test_a_run_begun_with_other_options_is_not_taken_up(training_folder: Path, fabric: Fabric) -> None:
    data = load_data(training_folder, read_frame_list(training_folder), _options(1))
    learn_student(_options(1), data, training_folder.parent / "run", fabric)
    with pytest.raises(ConfigError, match="begun with other options"):
        learn_student(replace(_options(2), learning_rate=1.0), data, training_folder.parent / "run", fabric)


def test_the_same_seed_trains_the_same_student(training_folder: Path, fabric: Fabric) -> None:
    weights = []
    data = load_data(training_folder, read_frame_list(training_folder), _options(2))
    for name in ("first", "second"):
        learn_student(_options(2), data, training_folder.parent / name, fabric)
        weights.append(load_checkpoint(training_folder.parent / name / "student.safetensors")[0])
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_list_without_hazy_frames_is_refused_before_anything_is_read(training_folder: Path) -> None:
    clear = [r for r in read_frame_list(training_folder) if r.kind == "clear"]
    with pytest.raises(ConfigError, match="lacks hazy frames for train"):
        load_data(training_folder, clear, _options(1))


def test_two_processes_train_one_student(training_folder: Path) -> None:
    out = training_folder.parent / "run"
    small = "--options.shape.fine 8 --options.shape.coarse 8 --options.veils 2"
    sizes = "--options.sizes.rendered 2 --options.sizes.clear 1 --options.sizes.hazy 1 --options.sizes.moments 1"
    command = [
        sys.executable,
        "-m",
        "training.student.train_student",
        str(out),
        "--accelerator",
        "cpu",
        "--devices",
        "2",
    ]
    command += ["--threads", "1", "--options.steps", "2", *small.split(), *sizes.split()]
    environment = {**os.environ, "EID_DATA": str(training_folder), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert load_checkpoint(out / "student.safetensors")[1]["step"] == 2
