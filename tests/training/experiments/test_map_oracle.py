import pytest
import torch
from torch import Tensor

from training.experiments.map_oracle import MapKind, Parametrisation, fit

GRID = (3, 4)


@pytest.fixture(scope="module")
def clear() -> Tensor:
    """Y'CbCr (1, 3, 24, 32)."""
    noise = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    return noise * torch.tensor([0.6, 0.3, 0.3]).reshape(1, 3, 1, 1) - torch.tensor([0.0, 0.15, 0.15]).reshape(
        1, 3, 1, 1
    )


def veiled(clear: Tensor, luma: float | Tensor, chroma: float) -> Tensor:
    """A veil of brightness 0.8 with its own opacities of luma and chroma."""
    return torch.cat([clear[:, :1] * (1.0 - luma) + 0.8 * luma, clear[:, 1:] * (1.0 - chroma)], dim=1)


def error(kind: MapKind, hazy: Tensor, clear: Tensor) -> float:
    return float((fit(kind, hazy, clear, steps=120) - clear).abs().mean())


@pytest.mark.parametrize("parametrisation", ["physical", "physical with chroma", "affine"])
def test_maps_of_every_kind_undo_an_even_veil(clear: Tensor, parametrisation: Parametrisation) -> None:
    hazy = veiled(clear, 0.5, 0.5)
    assert float((hazy - clear).abs().mean()) > 0.1
    assert error(MapKind(parametrisation, GRID), hazy, clear) < 0.01


def test_a_veil_that_pales_colours_less_wants_an_opacity_of_its_own_for_chroma(clear: Tensor) -> None:
    hazy = veiled(clear, 0.6, 0.1)
    errors = [error(MapKind(kind, GRID), hazy, clear) for kind in ("physical with chroma", "physical")]
    assert errors[0] < 0.5 * errors[1]


def test_guidance_by_luma_tells_apart_what_neighbours_with_different_smoke(clear: Tensor) -> None:
    bright = (clear[:, :1] > 0.3).float()
    hazy = veiled(clear, 0.1 + 0.4 * bright, 0.3)
    errors = [error(MapKind("physical with chroma", GRID, levels), hazy, clear) for levels in (1, 4)]
    assert errors[1] < 0.8 * errors[0]
