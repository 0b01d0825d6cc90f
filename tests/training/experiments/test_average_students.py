from pathlib import Path

import pytest
import torch

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint, save_checkpoint
from training.experiments.average_students import average_students, main
from training.network.student import Student, StudentShape
from training.student.trained import load_student

MADE_BY = {"command": "training.student.train_student", "options": {"shape": {}}, "step": 3, "figures": {"old": 1.0}}


def _student(path: Path, seed: int, fine: int = 32) -> Path:
    torch.manual_seed(seed)
    shape = {"fine": fine}
    weights = Student(StudentShape(fine=fine)).state_dict()
    save_checkpoint(path, weights, MADE_BY | {"options": {"shape": shape}})
    return path


def test_the_average_lies_between_both_by_the_share_that_is_asked_for(tmp_path: Path) -> None:
    first, second = _student(tmp_path / "a.safetensors", 1), _student(tmp_path / "b.safetensors", 2)
    average_students(first, second, tmp_path / "out", 0.25)
    weights = [load_checkpoint(path)[0]["head.weight"] for path in (first, second)]
    student, made_by = load_student(tmp_path / "out" / "student.safetensors")
    torch.testing.assert_close(student.head.weight.detach(), 0.75 * weights[0] + 0.25 * weights[1])
    assert [parent["checkpoint"] for parent in made_by["averaged"]] == [str(first), str(second)]


def test_the_average_has_figures_of_its_own(
    tmp_path: Path, training_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_DATA", str(training_folder))
    first, second = _student(tmp_path / "a.safetensors", 1), _student(tmp_path / "b.safetensors", 2)
    main(first, second, tmp_path / "out")
    assert {"rendered_psnr", "clear_psnr"} <= load_checkpoint(tmp_path / "out" / "student.safetensors")[1][
        "figures"
    ].keys()


def test_students_of_different_shapes_and_shares_beyond_one_are_refused(tmp_path: Path) -> None:
    first, narrow = _student(tmp_path / "a.safetensors", 1), _student(tmp_path / "b.safetensors", 2, fine=16)
    with pytest.raises(ConfigError, match="different shapes"):
        average_students(first, narrow, tmp_path / "out", 0.5)
    with pytest.raises(ConfigError, match="from 0 to 1"):
        average_students(first, first, tmp_path / "out", 1.5)
