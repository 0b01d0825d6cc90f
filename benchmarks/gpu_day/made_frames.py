"""Hazy and clear pictures of the phantom, so that training can be timed where no data is at hand.

python -m benchmarks.gpu_day.made_frames FOLDER        FOLDER/hazy and FOLDER/clear
"""

import sys
from pathlib import Path

import cv2

from eid_stream.core.ffmpeg.picture_buffer import copy
from eid_stream.sources.phantom.phantom_source import PhantomSource

PICTURES = 12


def main() -> None:
    """Write the pictures."""
    for kind, smoke in (("hazy", 0.5), ("clear", 0.0)):
        folder = Path(sys.argv[1]) / kind
        folder.mkdir(parents=True, exist_ok=True)
        for frame in PhantomSource(f"phantom:?size=640x480&frames={PICTURES}&rate=1&smoke={smoke}"):
            picture = copy(frame.planes, frame.layout).to_ndarray(format="bgr24")
            if not cv2.imwrite(str(folder / f"{frame.index:04d}.png"), picture):
                raise SystemExit(f"Cannot write into {folder}.")


if __name__ == "__main__":
    main()
