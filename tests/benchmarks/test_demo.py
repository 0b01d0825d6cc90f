import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from benchmarks import demo
from tests.command import has_grown, wait_until
from tests.media.reading import read_tracks


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
    page = (tmp_path / "demo" / "clear.mp4.html").read_text(encoding="utf-8")
    assert re.search(r"each frame waited \d+\.\d ms \(p50\)", page)
    assert 'src="smoky.mp4"' in page


def test_an_interrupted_demonstration_ends_with_the_status_of_the_signal(tmp_path: Path) -> None:
    root = Path(demo.__file__).parents[1]
    command = [sys.executable, "-m", "benchmarks.demo"]
    with subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(root)}) as process:
        wait_until(has_grown(tmp_path / "demo" / "smoky.mp4.part"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert not (tmp_path / "demo" / "clear.mp4").exists()
