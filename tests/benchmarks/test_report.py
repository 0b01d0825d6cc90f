import json
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality.contact_sheet import write_sheet
from benchmarks.report import json_line, table


def test_a_table_is_aligned_markdown_with_dashes_for_what_is_missing() -> None:
    text = table(
        "### pair", ["psnr_db", "ssim"], {"input": {"psnr_db": 21.5, "ssim": 0.9}, "x": {"ssim": float("nan")}}
    )
    lines = text.splitlines()
    assert lines[0] == "### pair"
    assert lines[2] == "|       | psnr_db | ssim |"
    assert lines[4] == "| input |   21.50 | 0.90 |"
    assert lines[5] == "| x     |       - |    - |"
    assert len({len(line) for line in lines[2:6]}) == 1


def test_json_is_one_line_and_never_holds_nan() -> None:
    line = json_line({"a": {"psnr_db": 21.123456, "ssim": float("nan")}, "limit": None, "names": ("x",), "count": 3})
    assert "\n" not in line
    assert json.loads(line) == {"a": {"psnr_db": 21.123, "ssim": None}, "limit": None, "names": ["x"], "count": 3}


def test_a_sheet_shows_pictures_of_any_size_side_by_side(tmp_path: Path) -> None:
    red, tall = np.zeros((40, 80, 3), np.uint8), np.full((100, 50, 3), 200, np.uint8)
    red[..., 0] = 255
    path = tmp_path / "sheets" / "pair.png"
    write_sheet(path, ["before", "after"], [[red, None], [tall, tall]])
    sheet = cv2.imread(str(path))
    assert sheet is not None
    assert sheet.shape[1] == 800
    assert sheet.shape[0] > 1000
    assert sheet[100, 10].tolist() == [0, 0, 255]
    assert sheet[100, 410].tolist() == [255, 255, 255]


def test_no_pictures_make_no_sheet(tmp_path: Path) -> None:
    write_sheet(tmp_path / "empty.png", ["before"], [])
    assert not (tmp_path / "empty.png").exists()
