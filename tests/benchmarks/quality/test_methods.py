from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.measures.full_reference import psnr_db
from benchmarks.quality.method_choice import make_rows
from benchmarks.quality.methods import CLAHE, DARK_CHANNEL, INPUT, Product, guided_filter
from benchmarks.quality.pictures import Picture, Rgb, frame_of, luma_of, rgb_of
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.backends.student_contract import MODEL_FILE, read_shipped, shipped_card
from eid_stream.core.errors import ConfigError, EngineLoadError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.benchmarks.quality.made_up_pictures import scene, veiled
from tests.stand_ins.hazy_frames import dehazed_alone


def picture_of(rgb: Rgb) -> Picture:
    return Picture.of(frame_of(rgb))


def test_the_dark_channel_prior_finds_what_is_behind_haze() -> None:
    clear = scene()
    hazy = picture_of(veiled(clear, 0.5))
    assert psnr_db(DARK_CHANNEL(hazy), clear) > psnr_db(hazy.rgb, clear) + 5.0


def test_clahe_raises_local_contrast_and_keeps_the_size() -> None:
    hazy = picture_of(veiled(scene(), 0.5))
    assert CLAHE(hazy).shape == hazy.rgb.shape
    assert luma_of(CLAHE(hazy)).std() > 1.2 * luma_of(hazy.rgb).std()


def test_the_guided_filter_follows_edges_of_the_guide_only() -> None:
    guide = np.zeros((200, 300), np.float32)
    guide[:, 150:] = 1.0
    kept = guided_filter(guide, guide)
    np.testing.assert_allclose(kept, guide, atol=0.01)
    flat = guided_filter(np.full_like(guide, 0.5), guide)
    assert np.abs(np.diff(flat, axis=1)).max() < 0.05


def test_a_product_row_is_what_the_product_shows() -> None:
    frame = frame_of(veiled(scene(), 0.5))
    shown = rgb_of(dehazed_alone(frame, MapEstimator(PriorEngine())))
    row = Product("prior", PriorEngine())
    np.testing.assert_array_equal(row(Picture.of(frame)), shown)
    assert not np.array_equal(shown, rgb_of(frame))


class _Silent(PriorEngine):
    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        raise EngineRunError(f"no answer for {thumbnail.picture}")


def test_a_failing_engine_never_passes_its_input_off_as_its_result() -> None:
    with pytest.raises(EngineRunError, match="row 'silent' failed"):
        Product("silent", _Silent())(picture_of(scene()))


def test_the_input_is_always_the_first_row() -> None:
    assert [row.name for row in make_rows(("prior", "input", "clahe"), (), ())] == ["input", "prior", "CLAHE"]
    assert make_rows((), (), ())[0] is INPUT


def test_students_of_several_runs_are_told_apart_by_as_many_folders_as_it_takes(tmp_path: Path) -> None:
    card = shipped_card()
    runs = [tmp_path / run / "exported" / "student.onnx" for run in ("calm", "bold")]
    for path in runs:
        path.parent.mkdir(parents=True)
        path.write_bytes(read_shipped(MODEL_FILE))
        card.save(path.with_suffix(".json"))
    assert [row.name for row in make_rows((), runs, ())] == ["input", "calm/exported/student", "bold/exported/student"]
    assert [row.name for row in make_rows((), runs[:1], ())] == ["input", "exported/student"]
    with pytest.raises(ConfigError, match="same name"):
        make_rows((), [runs[0], runs[0]], ())


def test_rows_that_cannot_be_made_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no row called 'magic'"):
        make_rows(("magic",), (), ())
    with pytest.raises(ConfigError, match="same name"):
        make_rows(("prior", "prior"), (), ())
    with pytest.raises(EngineLoadError, match="Cannot read the student"):
        make_rows((), (tmp_path / "none.onnx",), ())


def test_frames_made_of_pictures_have_time() -> None:
    assert frame_of(scene(), index=5, rate=10).seconds == Fraction(1, 2)
