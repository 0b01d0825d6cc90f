"""The picture at the top of the README: ``python -m benchmarks.before_after docs/before_after.jpg``."""

import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.demo import ADDRESS, SHOWN_FRAME
from benchmarks.quality.pictures import Rgb, rgb_of
from eid_stream import Dehazer
from eid_stream.sources.phantom.phantom_source import PhantomSource

_GAP = 8
_JPEG_QUALITY = 85


def main(path: Path) -> None:
    """Write one frame before (left) and after (right); the frames before it are dehazed as well, as in a video."""
    with Dehazer(rate=25) as dehazer:
        for frame in PhantomSource(ADDRESS):
            before = rgb_of(frame)
            after = dehazer(before)
            if frame.index == SHOWN_FRAME:
                break
    cv2.imwrite(str(path), side_by_side(before, after)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])


def side_by_side(before: Rgb, after: Rgb) -> Rgb:
    """Both pictures in one, with a white gap between them."""
    gap = np.full((before.shape[0], _GAP, 3), 255, np.uint8)
    return np.concatenate([before, gap, after], axis=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
