import importlib.util

import numpy as np
import pytest

from benchmarks.quality.measures.full_reference import ciede2000, colour_difference, psnr_db, ssim
from benchmarks.quality.measures.pyiqa_measures import PyiqaMeasures
from tests.benchmarks.quality.made_up_pictures import scene, veiled

SHARMA_PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (50.0, 3.2592, 0.335), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""From table 1 of Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", 2005."""


def test_identical_pictures_are_perfect() -> None:
    picture = scene()
    assert psnr_db(picture, picture) == 80.0
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert ciede2000(picture, picture) == 0.0


def test_psnr_of_a_known_error() -> None:
    picture = np.full((8, 8, 3), 100, np.uint8)
    assert psnr_db(picture, picture + np.uint8(10)) == pytest.approx(20.0 * np.log10(25.5))


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA_PAIRS)
def test_ciede2000_gives_the_published_values(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    found = colour_difference(np.array(first, np.float32), np.array(second, np.float32))
    assert float(found) == pytest.approx(expected, abs=2e-4)


def test_more_haze_is_worse_by_every_measure() -> None:
    clear = scene()
    hazy = [veiled(clear, t) for t in (0.9, 0.6, 0.3)]
    for measure, sign in ((psnr_db, -1), (ssim, -1), (ciede2000, 1)):
        values = [sign * measure(picture, clear) for picture in hazy]
        assert values == sorted(values)


@pytest.mark.skipif(importlib.util.find_spec("pyiqa") is None, reason="pyiqa is not installed")
@pytest.mark.filterwarnings("ignore")
def test_psnr_and_ssim_agree_with_pyiqa() -> None:
    import pyiqa
    import torch

    clear, hazy = scene(), veiled(scene(), 0.6)
    given, truth = (torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255 for rgb in (hazy, clear))
    assert psnr_db(hazy, clear) == pytest.approx(
        float(pyiqa.create_metric("psnr", device="cpu")(given, truth)), abs=0.01
    )
    assert ssim(hazy, clear) == pytest.approx(float(pyiqa.create_metric("ssimc", device="cpu")(given, truth)), abs=1e-4)
    more = PyiqaMeasures.find()
    assert more is not None
    assert more(clear, clear)["fsim"] == pytest.approx(1.0, abs=1e-5)
    assert more(hazy, clear)["gmsd"] > more(clear, clear)["gmsd"]
