"""Rendered smoke obeys the scattering model, moves steadily, and is the same whenever it is asked for again."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.smoke import (
    CAMERA_SYSTEMS,
    Smoke,
    compress_h264,
    compress_jpeg,
    draw_look,
    forward_scatter,
    scene_of,
    sensor_noise,
)

WIDTH, HEIGHT = 128, 96


def scene() -> NDArray[np.float32]:
    noise = np.random.default_rng(3).random((12, 16, 3), np.float32)
    tissue = np.asarray(cv2.resize(noise, (WIDTH, HEIGHT)), np.float32) * np.array((0.8, 0.4, 0.3), np.float32)
    return np.asarray(tissue + 0.08, np.float32)


def smoke(seed: int = 1, density: float = 0.5, camera: str | None = None) -> Smoke:
    return Smoke(seed=seed, width=WIDTH, height=HEIGHT, density=density, camera=camera)


@pytest.mark.parametrize("seed", range(6))
def test_a_veil_has_transmission_in_0_to_1_and_a_bounded_coloured_airlight(seed: int) -> None:
    veil = smoke(seed).veil(1.7)
    assert veil.transmission.shape == (HEIGHT, WIDTH)
    assert veil.airlight.shape == (HEIGHT, WIDTH, 3)
    assert veil.transmission.dtype == veil.airlight.dtype == np.float32
    assert 0.0 < veil.transmission.min() <= veil.transmission.max() <= 1.0
    assert 0.05 < veil.airlight.min() <= veil.airlight.max() < 2.0


def test_a_hazy_picture_is_the_clear_one_seen_through_the_returned_veil() -> None:
    clear = scene()
    rendered = smoke().render(clear, 2.0)
    t = rendered.veil.transmission.astype(np.float64)[..., None]
    expected = np.clip(clear * t + rendered.veil.airlight * (1.0 - t), 0.0, 1.0)
    np.testing.assert_allclose(rendered.hazy, expected, atol=1e-6)


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.8])
def test_density_is_the_mean_loss_of_transmission_over_picture_and_time(density: float) -> None:
    losses = [
        1.0 - smoke(seed, density).veil(seconds).transmission.mean() for seed in range(8) for seconds in (0, 5, 9)
    ]
    assert np.mean(losses) == pytest.approx(density, abs=0.04)


def test_no_density_leaves_the_picture_untouched() -> None:
    clear = scene()
    np.testing.assert_array_equal(smoke(density=0.0).render(clear, 3.0).hazy, clear)


def test_the_same_seed_and_time_give_the_same_veil_in_any_order() -> None:
    first, second = smoke(5), smoke(5)
    late, early = first.veil(8.0), first.veil(1.0)
    np.testing.assert_array_equal(second.veil(1.0).transmission, early.transmission)
    np.testing.assert_array_equal(second.veil(8.0).airlight, late.airlight)
    assert np.abs(late.transmission - early.transmission).max() > 0.05
    assert np.abs(smoke(6).veil(1.0).transmission - early.transmission).max() > 0.05


@pytest.mark.parametrize("seed", range(6))
def test_smoke_moves_without_jumps(seed: int) -> None:
    take = smoke(seed)
    veils = np.stack([take.veil(3.0 + k / 25).transmission for k in range(26)])
    steps = np.abs(np.diff(veils, axis=0)).mean(axis=(1, 2))
    assert 0.0 < steps.max() < 0.05
    assert steps.max() < 3.0 * np.median(steps) + 1e-3


def test_smoke_is_smooth_and_an_enlarged_veil_shows_the_same_smoke() -> None:
    small = smoke(2).veil(4.0).transmission
    large = Smoke(seed=2, width=6 * WIDTH, height=6 * HEIGHT).veil(4.0).transmission
    np.testing.assert_allclose(cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), small, atol=0.08)
    assert np.abs(np.diff(large, axis=1)).max() < 0.05


def test_plumes_rise_where_the_tips_are() -> None:
    seed = next(seed for seed in range(200) if draw_look(seed).plume > 0.7 and len(draw_look(seed).sources) == 1)
    take = smoke(seed, density=0.3)
    changes = []
    for tip in ((0.25, 0.5), (0.75, 0.5)):
        seen = np.mean([1.0 - take.veil(seconds, tips=[tip]).transmission for seconds in range(8)], axis=0)
        changes.append(float(seen[:, : WIDTH // 2].mean() - seen[:, WIDTH // 2 :].mean()))
    assert changes[0] > changes[1] + 0.03


def test_camera_systems_differ_in_brightness_and_colour_of_the_veil() -> None:
    colours = {
        camera: np.mean([draw_look(seed, camera).colour for seed in range(64)], axis=0) for camera in CAMERA_SYSTEMS
    }
    assert colours["robotic"][1] > 0.75 > 0.6 > colours["grey"][1]
    assert colours["warm"][0] > 1.5 * colours["warm"][2]
    with pytest.raises(ValueError, match="known are robotic"):
        draw_look(1, "polaroid")


def test_airlight_falls_off_from_the_light() -> None:
    look = draw_look(3)
    airlight = smoke(3).veil(0.0).airlight[..., 1]
    row, column = int(np.clip(look.light[1], 0, 1) * (HEIGHT - 1)), int(np.clip(look.light[0], 0, 1) * (WIDTH - 1))
    assert airlight[row, column] > airlight[[0, 0, -1, -1], [0, -1, 0, -1]].max() - 0.02


def test_there_is_no_smoke_on_the_black_around_round_content() -> None:
    clear = scene()
    inside = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (WIDTH // 2, HEIGHT // 2), 45, (1.0,), -1).astype(bool)
    clear[~inside] = 0.0
    clear[60:76, 10:60] *= 0.1
    around = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    np.testing.assert_array_equal(smoke().render(clear, 1.0).hazy[around], 0.0)
    assert (scene_of(clear) == inside).mean() > 0.98


def test_a_circle_that_the_picture_cuts_at_one_side_has_black_around_it_too() -> None:
    clear = scene()
    inside = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (WIDTH // 2, 20), 45, (1.0,), -1).astype(bool)
    clear[~inside] = 0.0
    assert (scene_of(clear) == inside).mean() > 0.98


def test_forward_scatter_blurs_only_where_smoke_is_dense() -> None:
    clear = scene()
    transmission = np.ones((HEIGHT, WIDTH), np.float32)
    transmission[:, WIDTH // 2 :] = 0.2
    scattered = forward_scatter(clear, transmission, strength=2.0)
    np.testing.assert_allclose(scattered[:, : WIDTH // 2 - 1], clear[:, : WIDTH // 2 - 1], atol=1e-6)
    assert np.abs(scattered - clear)[:, WIDTH // 2 :].mean() > 0.002


def test_sensor_noise_has_the_asked_level_and_repeats_by_seed() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    noisy = sensor_noise(grey, seed=1, level=0.02)
    assert noisy.std() == pytest.approx(0.02, rel=0.2)
    np.testing.assert_array_equal(noisy, sensor_noise(grey, seed=1, level=0.02))


def test_compression_keeps_every_picture_and_costs_quality() -> None:
    take, clear = smoke(), scene()
    pictures = [take.render(clear, k / 25).hazy for k in range(6)]
    fine, coarse = (
        [float(np.abs(a - b).mean()) for a, b in zip(compress_h264(pictures, quality=q), pictures, strict=True)]
        for q in (12, 40)
    )
    assert max(fine) < 0.02
    assert np.mean(coarse) > 1.5 * np.mean(fine)
    still = compress_jpeg(pictures[0], quality=30)
    assert 0.0 < np.abs(still - pictures[0]).mean() < 0.03
