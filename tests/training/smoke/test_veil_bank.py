import cv2
import numpy as np

from training.smoke.veil_bank import Take, VeilBank


def _draws(puff_share: float, count: int = 8, kept: int = 2) -> list[Take]:
    bank = VeilBank(count=kept, seed=1, densities=(0.5, 0.75), puff_share=puff_share)
    rng = np.random.default_rng(0)
    return [bank.draw(rng, moments=2) for _ in range(count)]


def test_takes_are_of_the_canvas_size_and_transmit_some_light() -> None:
    for take in _draws(0.5):
        assert take.transmission.shape == (2, 192, 256)
        assert take.airlight.shape == (2, 3, 192, 256)
        assert 0.0 < take.transmission.min() <= take.transmission.max() <= 1.0


def test_puffs_are_drawn_when_asked_for_and_none_without_a_share() -> None:
    """Puffs, most of them in clear air, leave places without any smoke; rendered veils so dense leave none."""

    def clear_places(takes: list[Take]) -> list[bool]:
        return [bool((take.transmission == 1.0).any()) for take in takes]

    assert any(clear_places(_draws(1.0)))
    assert not any(clear_places(_draws(0.0)))


def test_the_same_seed_fills_the_same_bank() -> None:
    for one, other in zip(_draws(0.5, 2), _draws(0.5, 2), strict=True):
        np.testing.assert_array_equal(one.transmission, other.transmission)
        np.testing.assert_array_equal(one.airlight, other.airlight)


def test_puffs_have_curls_finer_than_their_simulation_and_veils_have_none() -> None:
    """What a blur of a few pixels takes away from the smoke, as a share of what there is."""

    def roughness(takes: list[Take]) -> float:
        opacities = [1.0 - take.transmission[0] for take in takes]
        rough = [np.abs(o - cv2.GaussianBlur(o, (0, 0), 3.0)).sum() for o in opacities]
        return float(np.sum(rough) / np.sum(opacities))

    assert roughness(_draws(1.0, 24, kept=8)) > 2.0 * roughness(_draws(0.0, 24, kept=8))
