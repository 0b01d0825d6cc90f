from pathlib import Path

import pytest

from eid_stream.core.errors import ConfigError
from training.data.frames import load_rgb, read_frame_list, write_frame_list


def test_a_written_frame_list_is_read_as_it_was(training_folder: Path) -> None:
    records = read_frame_list(training_folder)
    write_frame_list(training_folder, records)
    assert read_frame_list(training_folder) == records
    assert load_rgb(records[0].path).shape == (96, 128, 3)


def test_a_missing_frame_list_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"frames\.csv.*EID_DATA"):
        read_frame_list(tmp_path)


def test_a_frame_list_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frames.csv").write_text("path,kind\na.jpg,clear\n")
    with pytest.raises(ConfigError, match="source"):
        read_frame_list(tmp_path)
