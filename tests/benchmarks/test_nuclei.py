import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.measures.nuclei import contrast_of, find_nuclei, kept_share
from benchmarks.quality.sets.generated_glow import glowing

PLACES = [(80, 90), (200, 100), (330, 80), (120, 260), (290, 300), (420, 240)]


def nuclei(level: int = 60, places: list[tuple[int, int]] = PLACES) -> NDArray[np.uint8]:
    """Discs on black."""
    grey = np.zeros((400, 520), np.uint8)
    for place in places:
        cv2.circle(grey, place, 16, level, -1)
    return np.repeat(grey[..., None], 3, axis=2)


def test_nuclei_are_found_on_black_and_in_glow() -> None:
    clear = nuclei()
    hazy = glowing(clear, np.random.default_rng(0))
    assert len(np.unique(find_nuclei(clear))) == len(PLACES) + 1
    assert kept_share(find_nuclei(clear), find_nuclei(hazy)) == 1.0


def test_glow_lowers_the_contrast_that_is_measured() -> None:
    clear = nuclei()
    labels = find_nuclei(clear)
    assert contrast_of(clear, labels) == 60.0
    assert 1.2 < contrast_of(glowing(clear, np.random.default_rng(0)), labels) < 10.0


def test_a_nucleus_that_was_wiped_out_is_missed() -> None:
    before, after = find_nuclei(nuclei()), find_nuclei(nuclei(places=PLACES[:3]))
    assert kept_share(before, after) == 0.5
