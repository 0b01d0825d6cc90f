"""Hazy frames against clear ones of the same operations: ``python -m benchmarks.quality.clear_relatives``.

A real hazy frame has no truth, but most have relatives: clear frames of the same video. Prints by how much light,
contrast and colour of hazy frames, corrected, differ from theirs, as means over videos; frames of training count, too.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.method_choice import ROWS, make_rows
from benchmarks.quality.methods import Method
from benchmarks.quality.pictures import Rgb, luma_of
from benchmarks.quality.sets.picture_sets import Shot, frame_shot, spread
from benchmarks.report import json_line, table
from eid_stream.core.content_area import content_mask
from eid_stream.core.errors import ConfigError, EidStreamError
from training.data.frames import FrameRecord, data_folder, read_frame_list

MEASURES = ("luma", "10th percentile", "median", "90th percentile", "contrast", "red / green", "blue / green")
"""Luma in [0, 1] of the scene: its mean, percentiles and standard deviation; ratios of the scene's mean colour."""
FEWEST = 5
"""Clear frames that a video needs at least to be compared with."""
Videos = dict[tuple[str, str], list[FrameRecord]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.clear_relatives", description=__doc__)
    parser.add_argument("--rows", nargs="+", default=["prior", "student"], help=f"of: {' '.join(ROWS)}")
    parser.add_argument("--students", nargs="+", type=Path, default=[], help="exported students beside the shipped one")
    parser.add_argument("--limit", type=int, help="at most this many frames of a kind of each video")
    given = parser.parse_args(arguments)
    try:
        hazy, clear = related(read_frame_list(data_folder()))
        rows = make_rows(given.rows, given.students, ())
        differences = compare(hazy, clear, rows, given.limit)
    except EidStreamError as error:
        print(f"error: {error}")
        return error.exit_code
    print(table(f"corrected minus clear, {len(hazy)} videos", MEASURES, differences, digits=3))
    print(json_line({"benchmark": "clear_relatives", "videos": len(hazy), "differences": differences}))
    return 0


def related(records: Sequence[FrameRecord]) -> tuple[Videos, Videos]:
    """Hazy and clear frames of the videos that have both, by source and video.

    Raises:
        ConfigError: no video has.
    """
    hazy, clear = (_videos(records, kind) for kind in ("hazy", "clear"))
    both = [video for video in hazy if len(clear.get(video, ())) >= FEWEST]
    if not both:
        raise ConfigError(
            f"No video has hazy frames and {FEWEST} clear ones or more, of {len(hazy)} with hazy ones. "
            "Set EID_DATA to the folder of frames of whole videos."
        )
    return {video: hazy[video] for video in both}, {video: clear[video] for video in both}


def compare(hazy: Videos, clear: Videos, rows: Sequence[Method], limit: int | None) -> dict[str, dict[str, float]]:
    """What each row's pictures have more than the clear ones of their video, as means over videos.

    Raises:
        ConfigError: the limit leaves no frame.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f"At most {limit} frames of each video leave nothing to compare: give a limit of 1 or more.")
    differences: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for video, records in hazy.items():
        relatives = [_measures(shot.picture.rgb, shot) for shot in map(frame_shot, spread(clear[video], limit))]
        measured: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
        for shot in map(frame_shot, spread(records, limit)):
            for row in rows:
                row.reset()
                measured[row.name].append(_measures(row(shot.picture), shot))
        for name, figures in measured.items():
            differences[name].append(np.mean(figures, 0) - np.mean(relatives, 0))
    return {name: dict(zip(MEASURES, np.mean(of, 0).tolist(), strict=True)) for name, of in differences.items()}


def _videos(records: Sequence[FrameRecord], kind: str) -> Videos:
    videos: Videos = defaultdict(list)
    for record in records:
        if record.kind == kind:
            videos[record.source, record.video].append(record)
    return videos


def _measures(rgb: Rgb, shot: Shot) -> NDArray[np.float64]:
    """``MEASURES`` of a picture, inside the scene that the captured one shows."""
    scene = content_mask(luma_of(shot.picture.rgb))
    luma = luma_of(rgb)[scene]
    red, green, blue = rgb[scene].mean(axis=0) + 1e-6
    return np.array([luma.mean(), *np.percentile(luma, (10, 50, 90)), luma.std(), red / green, blue / green])


if __name__ == "__main__":
    raise SystemExit(main())
