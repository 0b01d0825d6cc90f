import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.__main__ import main, parse
from benchmarks.quality.evaluation import Measures, evaluate
from benchmarks.quality.methods import INPUT, Still
from benchmarks.quality.pictures import Picture, Rgb, frame_of, rgb_of
from benchmarks.quality.sets.picture_sets import PictureSet, Shot, balanced, records_of, spread
from eid_stream.core.errors import ConfigError
from tests.benchmarks.quality.made_up_pictures import scene, veiled
from training.data.frames import FrameRecord, data_folder, write_frame_list

needs_data = pytest.mark.skipif(not (data_folder() / "frames.csv").exists(), reason="EID_DATA holds no frames.csv")


class _Remembering:
    """Answers with the sum of what it saw since the last reset, so that order and resets show."""

    name = "remembering"

    def __init__(self) -> None:
        self.resets = 0
        self.seen: list[int] = []

    def reset(self) -> None:
        self.resets += 1

    def __call__(self, picture: Picture) -> Rgb:
        self.seen.append(picture.frame.index)
        return picture.rgb


def made_up_set(measures: set[str], *, follows: bool, count: int = 5, score_every: int = 1) -> PictureSet:
    def shots() -> Iterator[Shot]:
        for number in range(count):
            noise = np.random.default_rng(number).integers(0, 3, (192, 288, 1), dtype=np.uint8)
            frame = frame_of(veiled(scene(), 0.5) + noise, index=number)
            truth = rgb_of(frame_of(scene()))
            yield Shot(Picture.of(frame), f"camera {number % 2}", truth, follows=follows and number > 0)

    return PictureSet("made up", frozenset(measures), shots, score_every=score_every, sheet_shots=(1,))


def run(pictures: PictureSet, *methods: Still | _Remembering) -> dict[str, dict[str, float]]:
    with ThreadPoolExecutor(2) as pool:
        return evaluate(pictures, [INPUT, *methods], Measures(None, None), pool).table()


def test_every_row_sees_every_picture_in_order_and_is_reset_between_stills() -> None:
    still, clip = _Remembering(), _Remembering()
    run(made_up_set({"truth"}, follows=False), still)
    run(made_up_set({"truth"}, follows=True, score_every=2), clip)
    assert still.seen == clip.seen == [0, 1, 2, 3, 4]
    assert (still.resets, clip.resets) == (5, 1)


def test_the_truth_itself_is_perfect_and_less_haze_is_better() -> None:
    truth = rgb_of(frame_of(scene()))
    table = run(made_up_set({"truth"}, follows=False), Still("oracle", lambda _: truth), Still("worse", np.zeros_like))
    assert table["oracle"]["psnr_db"] > table["input"]["psnr_db"] > table["worse"]["psnr_db"]
    assert table["oracle"]["ssim"] == pytest.approx(1.0)
    assert table["oracle"]["ciede2000"] == 0.0


def test_identity_is_given_as_median_and_fifth_percentile() -> None:
    table = run(made_up_set({"identity"}, follows=False), Still("shift", lambda rgb: rgb + np.uint8(1)))
    assert table["shift"]["identity_median_db"] == pytest.approx(48.13, abs=0.1)
    assert table["shift"]["identity_p5_db"] <= table["shift"]["identity_median_db"]


def test_a_row_that_blinks_flickers_and_stills_have_no_flicker() -> None:
    blink = iter(range(100))

    def blinking(rgb: Rgb) -> Rgb:
        return np.asarray(np.clip(rgb.astype(int) + 20 * (next(blink) % 2), 0, 255), np.uint8)

    table = run(made_up_set({"flicker"}, follows=True), Still("blinking", blinking))
    assert table["input"]["flicker_per_contrast"] == pytest.approx(1.0)
    assert table["blinking"]["drift_per_contrast"] > table["blinking"]["flicker_per_contrast"] > 2.0
    assert run(made_up_set({"flicker"}, follows=False), Still("twin", lambda rgb: rgb)) == {"input": {}, "twin": {}}


def test_sets_are_thinned_evenly_and_sources_are_balanced() -> None:
    assert spread(list(range(10)), 3) == [0, 4, 9]
    assert spread([1, 2], None) == spread([1, 2], 5) == [1, 2]
    records = [FrameRecord(Path(str(n)), "clear", "b" if n % 5 else "a", "v", 4, 4, "val", "") for n in range(20)]
    assert [record.source for record in balanced(records, 3)] == ["a"] * 3 + ["b"] * 3


def test_sources_that_were_left_out_of_training_are_measured_whole(tmp_path: Path) -> None:
    records = [
        FrameRecord(tmp_path / f"{source}_{split}.jpg", "hazy", source, "v", 4, 4, split, "")
        for source in ("a", "b") for split in ("train", "val")
    ]  # fmt: skip
    write_frame_list(tmp_path, records)
    assert records_of(tmp_path, "hazy") == [records[1], records[3]]
    assert records_of(tmp_path, "hazy", ["b"]) == records[2:]
    with pytest.raises(ConfigError, match="No hazy frame comes from c"):
        records_of(tmp_path, "hazy", ["c"])


def test_quick_measures_fewer_pictures_and_rows() -> None:
    quick, full = parse(["--quick"]), parse([])
    assert quick.limit is not None
    assert full.limit is None
    assert set(quick.rows) < set(full.rows)
    assert not quick.pyiqa


def test_without_data_the_phantom_alone_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", str(tmp_path), "--limit", "2", "--rows", "prior", "--no-pyiqa", "--sheets", str(tmp_path)]
    assert main(arguments) == 0
    *text, last = capsys.readouterr().out.splitlines()
    assert "Only the phantom is measured" in text[0]
    rows = json.loads(last)["sets"]["phantom"]["rows"]
    assert rows["prior"]["psnr_db"] > rows["input"]["psnr_db"] + 3.0


def test_an_unknown_row_is_one_sentence_and_an_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "magic"]) == 2
    assert "error: There is no row called 'magic'" in capsys.readouterr().out


@needs_data
def test_the_command_measures_real_frames_and_breaks_them_down_by_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--only", "hazy", "--only", "clear", "--limit", "3", "--rows", "prior", "--by-source", "--no-pyiqa"]
    assert main([*arguments, "--sheets", str(tmp_path)]) == 0
    *text, last = capsys.readouterr().out.splitlines()
    assert "#### clear: cholect50" in text
    sets = json.loads(last)["sets"]
    assert sets["hazy"]["rows"]["prior"]["fade"] < sets["hazy"]["rows"]["input"]["fade"]
    assert sets["clear"]["rows"]["input"]["identity_median_db"] == 80.0
    assert (tmp_path / "hazy.png").exists()
