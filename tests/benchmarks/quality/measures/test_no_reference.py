import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="scipy is not installed: pip install 'eid-stream[quality]'")

from benchmarks.quality.measures.brisque import Brisque
from benchmarks.quality.measures.fade import Fade, patch_features
from benchmarks.quality.measures.niqe import Niqe, block_features, fit_asymmetric
from benchmarks.quality.measures.no_reference import clipped
from benchmarks.quality.measures.piqe import piqe
from benchmarks.quality.pictures import Rgb
from tests.benchmarks.quality.made_up_pictures import scene, veiled
from training.data.frames import data_folder

METRICS = data_folder() / "metrics"
needs_parameters = pytest.mark.skipif(not METRICS.is_dir(), reason="EID_DATA holds no metrics folder")
needs_pyiqa = pytest.mark.skipif(importlib.util.find_spec("pyiqa") is None, reason="pyiqa is not installed")


def framed(picture: Rgb, border: int) -> tuple[Rgb, NDArray[np.bool_]]:
    """The picture on black, and where it is."""
    canvas = np.zeros((picture.shape[0] + 2 * border, picture.shape[1] + 2 * border, 3), np.uint8)
    inside = np.s_[border:-border, border:-border]
    canvas[inside] = picture
    content = np.zeros(canvas.shape[:2], bool)
    content[inside] = True
    return canvas, content


def test_a_fit_finds_the_shape_and_spread_it_was_drawn_from() -> None:
    rng = np.random.default_rng(5)
    gaussian, laplacian = rng.normal(0.0, 2.0, (1, 200, 200)), rng.laplace(0.0, 1.0, (1, 200, 200))
    for drawn, shape, spread in ((gaussian, 2.0, 2.0), (laplacian, 1.0, 2.0**0.5)):
        found = fit_asymmetric(drawn)
        assert [float(value[0]) for value in found] == pytest.approx([shape, spread, spread], rel=0.05)


def test_niqe_has_36_features_of_each_whole_block() -> None:
    features = block_features(scene(300, 200))
    assert features.shape == (6, 36)
    assert np.isfinite(features).all()


@needs_parameters
def test_niqe_prefers_the_sharp_picture_and_looks_only_at_content() -> None:
    niqe = Niqe.load(METRICS / "niqe_modelparameters.mat")
    sharp = scene(480, 384)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 3.0).astype(np.uint8)
    assert niqe(sharp) < niqe(blurred)
    canvas, content = framed(sharp, 96)
    assert niqe(canvas, content) == pytest.approx(niqe(sharp), rel=0.1)
    assert np.isnan(niqe(canvas, np.zeros_like(content)))


def test_niqe_agrees_with_deepinv(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from deepinv.loss.metric import NIQE

    picture, mean, covariance = scene(384, 288), np.linspace(0.1, 2.0, 36), np.diag(np.linspace(0.05, 1.0, 36))
    torch.save({"mu": torch.from_numpy(mean), "cov": torch.from_numpy(covariance)}, tmp_path / "pristine.pt")
    theirs = NIQE(tmp_path / "pristine.pt", round_tensor=True, dtype=torch.float64)
    expected = float(theirs(torch.from_numpy(picture).permute(2, 0, 1)[None].double()))
    assert Niqe(mean, covariance)(picture) == pytest.approx(expected, rel=0.01)


@needs_pyiqa
@pytest.mark.filterwarnings("ignore")
def test_piqe_agrees_with_pyiqa() -> None:
    import pyiqa
    import torch

    picture = scene(384, 288)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    assert piqe(picture) == pytest.approx(float(pyiqa.create_metric("piqe", device="cpu")(tensor)), abs=1.0)


def test_piqe_sees_blocks_and_noise() -> None:
    picture = scene(384, 288)
    small = cv2.resize(picture, (48, 36), interpolation=cv2.INTER_AREA)
    blocky = cv2.resize(small, (384, 288), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    assert piqe(picture) < piqe(blocky)


def test_fade_has_12_features_of_each_whole_patch() -> None:
    features = patch_features(scene(100, 60), np.ones((60, 100), bool))
    assert features.shape == (12 * 7, 12)
    assert (features[:, 9] <= np.log(2.0)).all()


@needs_parameters
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fade_grows_with_rendered_haze(seed: int) -> None:
    fade = Fade.load(METRICS)
    clear = scene(seed=seed)
    densities = [fade(veiled(clear, t)) for t in (1.0, 0.85, 0.7, 0.55, 0.4, 0.25)]
    assert densities == sorted(densities)
    assert densities[-1] > 2.0 * densities[0]


@needs_parameters
def test_fade_looks_only_at_content() -> None:
    fade = Fade.load(METRICS)
    hazy = veiled(scene(), 0.5)
    canvas, content = framed(hazy, 48)
    assert fade(canvas, content) == pytest.approx(fade(hazy), rel=0.1)
    assert np.isnan(fade(canvas, np.zeros_like(content)))


def test_brisque_reads_support_vectors_and_answers_the_kernel_sum(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "svm.txt").write_text("svm_type epsilon_svr\ngamma 0.05\nrho -50\nSV\n4 1:0.5 36:-1\n-4 1:0.5 36:-1\n")
    (tmp_path / "normalize.pickle").write_bytes(pickle.dumps({"min_": [0.0] * 36, "max_": [1.0] * 36}))
    brisque = Brisque.load(tmp_path)
    assert brisque.vectors.shape == (2, 36)
    assert brisque(scene()) == pytest.approx(50.0)


@pytest.mark.skipif(Brisque.find() is None, reason="the package brisque is not installed")
def test_brisque_rises_with_blur_and_noise() -> None:
    brisque, picture = Brisque.find(), scene(384, 288)
    assert brisque is not None
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 25, picture.shape), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(picture, (0, 0), 2.0).astype(np.uint8)
    assert brisque(picture) < min(brisque(noisy), brisque(blurred))


def test_clipped_pixels_are_counted_inside_the_scene() -> None:
    picture = np.full((10, 10, 3), 128, np.uint8)
    picture[0, :5, 0] = 255
    picture[1, :2] = 0
    content = np.ones((10, 10), bool)
    assert clipped(picture, content) == {"saturated_percent": 5.0, "black_percent": 2.0}
    content[1] = False
    assert clipped(picture, content)["black_percent"] == 0.0
