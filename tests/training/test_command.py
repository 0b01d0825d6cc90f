"""How training commands start and fail."""

from pathlib import Path

import pytest
import torch

from eid_stream.core.errors import ConfigError
from training.checkpoint import save_checkpoint
from training.command import run_command
from training.export import export_student
from training.student import train_student


def test_an_error_of_ours_is_one_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def main(*, side: int) -> None:
        raise ConfigError(f"Side {side} is too small. Use 32 or more.")

    with pytest.raises(SystemExit) as ended:
        run_command(main, ["--side", "8"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: Side 8 is too small. Use 32 or more.\n"


def test_a_missing_frame_list_is_named_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EID_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        run_command(train_student.main, [str(tmp_path / "out"), "--accelerator", "cpu"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: Cannot read the frame list")
    assert "EID_DATA" in error


def test_only_a_student_can_be_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_checkpoint(foreign, {"weight": torch.zeros(1)}, {"options": {"shape": {"dark_channel": True}}})
    for checkpoint, message in ((tmp_path / "none.safetensors", "Cannot read"), (foreign, "is no student")):
        with pytest.raises(SystemExit) as ended:
            run_command(export_student.main, [str(checkpoint), str(tmp_path / "out")])
        assert ended.value.code == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_checkpoints_own_description_is_not_replaced_by_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tmp_path / "student.safetensors"
    save_checkpoint(checkpoint, {"weight": torch.zeros(1)}, {"options": {}})
    before = checkpoint.with_suffix(".json").read_text()
    with pytest.raises(SystemExit) as ended:
        run_command(export_student.main, [str(checkpoint), str(tmp_path)])
    assert ended.value.code == 2
    assert f"Name another folder, such as {tmp_path / 'exported'}" in capsys.readouterr().err
    assert checkpoint.with_suffix(".json").read_text() == before
