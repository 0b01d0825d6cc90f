import re
from pathlib import Path

import cv2
import pytest

from benchmarks import demo
from tests.media import read_tracks


def test_the_demonstration_writes_a_video_and_a_picture_and_gains_on_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "ADDRESS", "phantom:?size=192x108&frames=8&seed=3&smoke=0.45")
    monkeypatch.setattr(demo, "SHOWN_FRAME", 4)
    assert demo.main() == 0
    before_db, after_db = map(float, re.findall(r"([\d.]+) dB (?:before|after)", capsys.readouterr().out))
    assert after_db > before_db
    assert len(read_tracks(tmp_path / "demo" / "clear.mp4")[0].seconds) == 8
    sheet = cv2.imread(str(tmp_path / "demo" / "before_after_truth.png"))
    assert sheet is not None
    assert sheet.shape == (108, 3 * 192, 3)
