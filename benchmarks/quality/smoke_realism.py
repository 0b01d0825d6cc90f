"""Rendered smoke beside real smoke, in figures: ``python -m benchmarks.quality.smoke_realism``.

Smoke is rendered over each source's own clear frames; statistics of these pictures are compared with those of the
same source's real hazy frames. Coverage is the share of real frames within the middle 90 % of rendered ones, so a
renderer that covers the real range in every statistic reaches at least 90 %.
"""

import json
import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import ConfigError
from eid_stream.smoke import Smoke, scene_of
from training.data.frames import FrameRecord, data_folder, load_rgb, read_frame_list

Rgb = NDArray[np.float32]

CAMERAS = {
    "cholec80_video01": "grey",
    "cholect50": "grey",
    "desmoke_lap": "robotic",
    "endovis15": None,
    "laparoscopy_480p": "warm",
    "mixed_stills": None,
}
"""Sources with both clear and hazy frames, and the camera system smoke is rendered for; None = any."""
STATISTICS = ("dark channel", "its spread", "saturation", "luma", "contrast", "detail", "red/green", "blue/green")
FRAMES = 60
WIDTH, HEIGHT = 256, 192
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def main() -> int:
    """Print a table for people, a JSON line for machines."""
    try:
        records = read_frame_list(data_folder())
    except ConfigError as error:
        print(error)
        return error.exit_code
    print("| source | " + " | ".join(STATISTICS) + " | coverage |\n|" + "---|" * (len(STATISTICS) + 2))
    coverages = {source: _compare(records, source, camera) for source, camera in CAMERAS.items()}
    print(json.dumps({"benchmark": "smoke_realism", "coverage_share": coverages}))
    return 0


def _compare(records: list[FrameRecord], source: str, camera: str | None) -> float:
    """Print a source's row: medians of real / rendered statistics, and coverage."""
    clear, hazy = (_pictures(records, source, kind) for kind in ("clear", "hazy"))
    rng = np.random.default_rng(1)
    takes = clear * (1 + FRAMES // (2 * len(clear)))
    real = np.array([_statistics(picture, scene_of(picture)) for picture in hazy])
    rendered = np.array([_statistics(_smoky(picture, camera, rng), scene_of(picture)) for picture in takes])
    low, high = np.percentile(rendered, (5, 95), axis=0)
    coverage = float(((low <= real) & (real <= high)).mean())
    medians = zip(np.median(real, axis=0), np.median(rendered, axis=0), strict=True)
    print(f"| {source} | " + " | ".join(f"{a:.2f} / {b:.2f}" for a, b in medians) + f" | {coverage:.0%} |", flush=True)
    return round(coverage, 3)


def _pictures(records: list[FrameRecord], source: str, kind: str) -> list[Rgb]:
    chosen = [record for record in records if record.source == source and record.kind == kind]
    spread = np.linspace(0, len(chosen) - 1, min(FRAMES, len(chosen))).astype(int)
    sized = (cv2.resize(load_rgb(chosen[n].path), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for n in spread)
    return [np.asarray(picture, np.float32) for picture in sized]


def _smoky(clear: Rgb, camera: str | None, rng: np.random.Generator) -> Rgb:
    seed, density = int(rng.integers(1_000_000)), float(rng.uniform(0.1, 0.7))
    smoke = Smoke(seed=seed, width=WIDTH, height=HEIGHT, density=density, camera=camera)
    return smoke.render(clear, float(rng.uniform(0.0, 20.0))).hazy


def _statistics(picture: Rgb, content: NDArray[np.bool_]) -> list[float]:
    """Within the content, in the order of STATISTICS; the ratios are those of the darkest twentieth."""
    window = np.ones((9, 9), np.uint8)
    luma = np.asarray(picture @ LUMA, np.float32)
    outside_bright = np.where(content[..., None], picture, np.float32(1.0))
    dark_channel = cv2.erode(outside_bright.min(axis=2), window)
    inner = cv2.erode(content.astype(np.uint8), window) > 0
    saturation = 1.0 - picture.min(axis=2) / (picture.max(axis=2) + 1e-3)
    detail = luma - cv2.GaussianBlur(luma, (0, 0), 3.0)
    floor = picture[content & (luma <= np.percentile(luma[content], 5))].mean(axis=0)
    veil = cv2.GaussianBlur(dark_channel, (0, 0), 12.0)
    return [
        float(value)
        for value in (
            dark_channel[inner].mean(),
            veil[inner].std(),
            saturation[content].mean(),
            luma[content].mean(),
            luma[content].std(),
            detail[inner].std(),
            floor[0] / (floor[1] + 1e-3),
            floor[2] / (floor[1] + 1e-3),
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
