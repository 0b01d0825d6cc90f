import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from eid_stream.backends import open_engine
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from tests.training.conftest import scene
from training.adapt import adapt_student, adaptation
from training.adapt.adapt_student import START, NotBetterError, adapt_to, main
from training.adapt.adaptation import AdaptOptions
from training.adapt.judgement import Figures, Verdict
from training.adapt.site_frames import site_frames
from training.data.drawn_scenes import draw_scenes
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchSizes

FEW = AdaptOptions(steps=1, veils=2)


@pytest.fixture(autouse=True)
def little_smoke_and_few_drawn_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    veils = VeilBank(count=2, seed=0)
    monkeypatch.setattr(adaptation, "draw_scenes", lambda: draw_scenes(2))
    monkeypatch.setattr(adaptation, "VeilBank", lambda **_: veils)
    few = BatchSizes(rendered=1, clear=1, hazy=1, witnesses=0, small=1)
    monkeypatch.setattr(adaptation, "BatchSizes", lambda **_: few)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two operations as pictures: each has clear moments, one of them smoke."""
    for number in range(44):
        kind = "smoky" if number >= 36 else "clear"
        path = tmp_path / "recordings" / f"op{number % 2}" / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.rint(scene(kind, number)[..., ::-1] * 255))
    return tmp_path / "recordings"


class Blind:
    """An engine that never sees haze: what must be beaten easily."""

    card = EngineCard("blind", "1", "prior", 256, 192, 32, 24)

    def estimate(self, _: Thumbnail) -> HazeMaps:
        return HazeMaps.identity()

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_weights_that_are_better_get_their_place_a_card_and_a_report(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapt_student, "require_enough", lambda _: None)
    monkeypatch.setattr("training.adapt.site_frames.require_enough", lambda _: None)
    monkeypatch.setattr("training.adapt.judgement.CLEAR_MEDIAN", 20.0)
    monkeypatch.setattr("training.adapt.judgement.CLEAR_5TH", 15.0)
    out = tmp_path / "out"
    records = site_frames(recordings, out, Blind())
    assert {r.split for r in records} == {"train", "val"}
    verdict = adapt_to(records, Blind(), out, start=START, eid=None, options=FEW)
    assert verdict.refused == ()
    assert verdict.after.smoke_gain > 1.0
    card = json.loads((out / "weights" / "student.json").read_text(encoding="utf-8"))
    assert card["metrics"]["after smoke_gain"] == verdict.after.smoke_gain
    assert "adapted to 44 frames, SHA-256" in card["training_data"]
    engine = open_engine("auto", str(out / "weights"))
    assert engine.card.name == "adapted"
    engine.close()
    assert "are better" in (out / "report.html").read_text(encoding="utf-8")


def test_what_is_no_better_is_not_kept_and_the_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = Figures(smoke_gain=1.0, clear_median=60.0, clear_5th=60.0, haze_left=None, haze_seen=None, flicker=None)
    worse = Verdict(figures, figures, ("it flickers more",))
    monkeypatch.setattr(adapt_student, "site_frames", lambda *_: [])
    monkeypatch.setattr(adapt_student, "adapt_to", lambda *_, **__: worse)
    with pytest.raises(NotBetterError, match=r"not used: it flickers more\. The weights in use stay") as refusal:
        main(recordings=tmp_path, out=tmp_path)
    assert refusal.value.exit_code == 8


def test_refused_weights_leave_those_of_an_earlier_run_alone(tmp_path: Path) -> None:
    for name in ("tried", "weights"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "student.onnx").write_text(name, encoding="utf-8")
    figures = Figures(1.0, 60.0, 60.0, None, None, None)
    adapt_student.keep(tmp_path / "tried", tmp_path / "weights", Blind.card, Verdict(figures, figures, ("worse",)))
    assert (tmp_path / "weights" / "student.onnx").read_text(encoding="utf-8") == "weights"
    adapt_student.keep(tmp_path / "tried", tmp_path / "weights", Blind.card, Verdict(figures, figures, ()))
    assert (tmp_path / "weights" / "student.onnx").read_text(encoding="utf-8") == "tried"
