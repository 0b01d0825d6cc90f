"""Rendered smoke beside real smoke, in figures."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality import smoke_realism
from training.data.frames import FrameRecord, write_frame_list


def test_every_source_gets_a_row_and_a_share_of_coverage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(5)
    records = []
    for source in smoke_realism.CAMERAS:
        for kind, veil in (("clear", 0), ("hazy", 90)):
            path = tmp_path / f"{source}_{kind}.png"
            picture = cv2.resize(rng.integers(20, 120, (6, 8, 3)).astype(np.uint8), (64, 48)) + np.uint8(veil)
            cv2.imwrite(str(path), picture)
            records.append(FrameRecord(path, kind, source, "made up", 64, 48, "val", "none"))
    write_frame_list(tmp_path, records)
    monkeypatch.setenv("EID_DATA", str(tmp_path))
    monkeypatch.setattr(smoke_realism, "FRAMES", 8)
    assert smoke_realism.main() == 0
    lines = capsys.readouterr().out.splitlines()
    coverage = json.loads(lines[-1])["coverage_share"]
    assert len(lines) == 2 + len(smoke_realism.CAMERAS) + 1
    assert set(coverage) == set(smoke_realism.CAMERAS)
    assert all(0.0 <= share <= 1.0 for share in coverage.values())


def test_without_real_frames_one_sentence_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EID_DATA", str(tmp_path))
    assert smoke_realism.main() == 2
    assert "Set EID_DATA" in capsys.readouterr().out
