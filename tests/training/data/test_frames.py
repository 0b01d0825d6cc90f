from pathlib import Path

import pytest

from eid_stream.core.errors import ConfigError
from training.data.frames import NOT_CLEAR, load_rgb, read_frame_list, read_frames_to_learn_from, write_frame_list


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


def test_a_clear_frame_in_which_somebody_saw_smoke_is_reported_on_but_not_learned_from(tmp_path: Path) -> None:
    smoky = NOT_CLEAR.read_text(encoding="utf-8").split()[0]
    row = ",clear,gynsurg,video,128,96,train,CC\n"
    columns = "path,kind,source,video,width,height,split,licence\n"
    (tmp_path / "frames.csv").write_text(f"{columns}{smoky}{row}frames/clear/another.jpg{row}")
    assert [record.kind for record in read_frames_to_learn_from(tmp_path)] == ["unclear", "clear"]
    assert [record.kind for record in read_frame_list(tmp_path)] == ["clear", "clear"]
