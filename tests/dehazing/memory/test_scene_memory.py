"""A scene that is seen clear, then through smoke: what its memory does, and what it leaves alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.core.haze_maps import GAIN_LUMA, HazeMaps
from eid_stream.core.thumbnail import Area, Thumbnail
from eid_stream.dehazing.memory.scene_memory import SceneMemory

Field = NDArray[np.float32]
HEIGHT, WIDTH = 192, 256
BLIND = HazeMaps.identity(24, 32)
"""What an engine answers that sees no smoke at all."""


def tissue(seed: int = 0, *, luma: float = 0.35) -> Field:
    """A red scene of soft shapes with detail, Y'CbCr."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.random((12, 16)), np.ones((16, 16)))
    fine = np.kron(rng.random((96, 128)), np.ones((2, 2)))
    y = luma * (0.5 + 0.6 * coarse + 0.4 * fine)
    return np.stack([y, -0.08 - 0.05 * coarse, 0.10 + 0.06 * coarse]).astype(np.float32)


def veiled(scene: Field, opacity: float, airlight: tuple[float, float, float] = (0.85, 0.01, 0.0)) -> Field:
    light = np.array(airlight, np.float32).reshape(3, 1, 1)
    return np.asarray(scene * np.float32(1.0 - opacity) + light * np.float32(opacity), np.float32)


def thumbnail(values: Field) -> Thumbnail:
    return Thumbnail(values, Area(0, 0, WIDTH, HEIGHT))


def shown(values: Field, maps: HazeMaps) -> Field:
    """The corrected thumbnail; maps of these scenes are even enough for their mean."""
    gain_y, offset_y, gain_c, offset_cb, offset_cr = maps.values.mean((1, 2))
    return np.stack([gain_y * values[0] + offset_y, gain_c * values[1] + offset_cb, gain_c * values[2] + offset_cr])


def watch(memory: SceneMemory, scene: Field, *, first: float, seconds: float, maps: HazeMaps = BLIND) -> HazeMaps:
    """Show one still scene for so long, 25 times a second; the last answer."""
    for step in range(round(25 * seconds)):
        answer = memory.improve(maps, thumbnail(scene), first + step / 25)
    return answer


def error(values: Field, truth: Field) -> float:
    return float(np.sqrt(((values - truth) ** 2).mean()))


@pytest.mark.parametrize("airlight", [(0.95, 0.0, 0.0), (0.6, 0.04, -0.02), (0.7, -0.06, 0.05)])
def test_smoke_of_any_colour_that_the_engine_does_not_see_is_found_by_the_past(
    airlight: tuple[float, float, float],
) -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    hazy = veiled(scene, 0.5, airlight)
    cleared = shown(hazy, watch(memory, hazy, first=2.0, seconds=2))
    assert error(cleared, scene) < error(hazy, scene) / 2


def test_a_clear_scene_comes_back_bit_for_bit() -> None:
    memory, scene = SceneMemory(), tissue()
    maps = watch(memory, scene, first=0.0, seconds=3)
    np.testing.assert_array_equal(maps.values, BLIND.values)


def test_what_the_engine_takes_for_smoke_in_a_scene_that_stays_as_it_was_is_hardly_touched() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    grey = np.zeros(3, np.float32) + np.array([0.8, 0, 0], np.float32)
    sees = HazeMaps.from_transmission(np.full((24, 32), 0.7, np.float32), grey.reshape(3, 1, 1), 0.3)
    assert sees.values[GAIN_LUMA].min() > 1.4
    assert watch(memory, scene, first=2.0, seconds=3, maps=sees).values[GAIN_LUMA].max() < 1.06


def test_smoke_comes_and_goes_without_a_jump() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    means = []
    for step in range(150):
        opacity = 0.5 * min(1.0, step / 50, (150 - step) / 50)
        hazy = veiled(scene, opacity)
        answer = memory.improve(BLIND, thumbnail(hazy), 2.0 + step / 25)
        means.append(255.0 * (shown(hazy, answer)[0].mean() - hazy[0].mean()))
    assert np.abs(np.diff(means)).max() < 5.0


def test_once_the_smoke_has_gone_nothing_is_done() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    watch(memory, veiled(scene, 0.5), first=2.0, seconds=3)
    np.testing.assert_allclose(watch(memory, scene, first=5.0, seconds=4).values, BLIND.values, atol=2e-3)


def test_a_dark_view_of_the_same_scene_is_no_smoke_and_a_bright_one_is_hardly_touched() -> None:
    for exposure, most in ((0.6, 1.001), (1.3, 1.15)):
        memory, scene = SceneMemory(), tissue()
        watch(memory, scene, first=0.0, seconds=2)
        maps = watch(memory, np.float32(exposure) * scene, first=2.0, seconds=2)
        assert maps.values[GAIN_LUMA].max() < most


def test_smoke_that_comes_at_once_and_hides_most_of_the_scene_is_not_taken_for_another_scene() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    hazy = veiled(scene, 0.75)
    cleared = shown(hazy, watch(memory, hazy, first=2.0, seconds=4))
    assert memory.state.trust > 0.9
    assert error(cleared, scene) < 0.5 * error(hazy, scene)


def test_a_memory_that_forgets_starts_anew() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    memory.forget()
    assert memory.state.trust == 0.0
    np.testing.assert_array_equal(memory.improve(BLIND, thumbnail(veiled(scene, 0.5)), 2.0).values, BLIND.values)


def test_a_memory_grows_old_while_smoke_stays_and_is_given_up_after_minutes() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    assert memory.state.trust > 0.95
    hazy = veiled(scene, 0.5)
    watch(memory, hazy, first=2.0, seconds=2)
    assert memory.state.age_seconds == pytest.approx(2.0, abs=0.5)
    for step in range(50):
        answer = memory.improve(BLIND, thumbnail(hazy), 4.0 + 5 * step)
    np.testing.assert_allclose(answer.values, BLIND.values, atol=2e-3)


def test_maps_stay_within_their_limits_under_smoke_as_dense_as_a_wall() -> None:
    memory, scene = SceneMemory(), tissue()
    watch(memory, scene, first=0.0, seconds=2)
    assert watch(memory, veiled(scene, 0.97), first=2.0, seconds=2).fault() is None


def test_a_slight_change_of_the_smoke_changes_the_answer_slightly() -> None:
    """No cliff: density and brightness are swept, and no step of two hundredths moves it by more than five."""
    for exposure in (0.7, 1.0):
        scene, means = np.float32(exposure) * tissue(), []
        for density in np.arange(0.0, 0.6, 0.02):
            memory = SceneMemory()
            watch(memory, scene, first=0.0, seconds=1.5)
            hazy = veiled(scene, float(density))
            for step in range(4):
                answer = memory.improve(BLIND, thumbnail(hazy), 1.5 + 0.45 * step)
            means.append(shown(hazy, answer)[0].mean())
        assert np.abs(np.diff(means)).max() < 0.05


def test_the_black_around_a_picture_gets_no_colour_from_smoke_within_it() -> None:
    memory, scene = SceneMemory(), tissue()
    hazy = veiled(scene, 0.5, (0.7, -0.06, 0.05))
    for view in (scene, hazy):
        view[:, :, :64] = 0.0
    watch(memory, scene, first=0.0, seconds=2)
    maps = watch(memory, hazy, first=2.0, seconds=2).values
    assert np.abs(maps[3:, :, 16:]).max() > 0.02  # where there is smoke there is colour
    assert np.abs(maps[3:, :, :6]).max() == 0.0


def test_black_before_a_scene_is_not_remembered_as_one() -> None:
    memory = SceneMemory()
    watch(memory, np.zeros((3, HEIGHT, WIDTH), np.float32), first=0.0, seconds=2)
    assert memory.state.trust == 0.0
    watch(memory, tissue(), first=2.0, seconds=3)
    assert memory.state.trust > 0.9
    np.testing.assert_array_equal(memory.improve(BLIND, thumbnail(tissue()), 5.0).values, BLIND.values)


@pytest.mark.parametrize("factor", [1e6, -1e6])
def test_values_that_no_camera_has_give_maps_within_their_limits(factor: float) -> None:
    memory = SceneMemory()
    watch(memory, tissue(), first=0.0, seconds=2)
    assert watch(memory, np.float32(factor) * tissue(), first=2.0, seconds=1).fault() is None
