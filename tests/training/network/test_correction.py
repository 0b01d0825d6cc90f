import numpy as np
import pytest
import torch

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Planes
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.plane_correction import apply_maps as apply_to_planes
from training.network.correction import apply_maps


@pytest.mark.parametrize("name", ["yuv444p", "yuv444p10le"])
def test_torch_and_the_runtime_correct_alike(name: str) -> None:
    layout, colour = PIXEL_LAYOUTS[name], Colour(matrix=1, full_range=False)
    rng = np.random.default_rng(3)
    largest = (1 << layout.bit_depth) - 1
    planes = tuple(rng.integers(0, largest + 1, (60, 80)).astype(layout.dtype) for _ in range(3))
    transmission = rng.uniform(0.3, 1.0, (6, 8)).astype(np.float32)
    airlight = rng.uniform(-0.2, 0.9, (3, 6, 8)).astype(np.float32)
    maps = HazeMaps.from_transmission(transmission, airlight, 0.4)
    out: Planes = tuple(np.empty_like(plane) for plane in planes)  # type: ignore[assignment]
    apply_to_planes(planes, out, maps, layout, colour, 0.7)  # type: ignore[arg-type]

    levels = [colour.luma_levels(layout.bit_depth), *[colour.chroma_levels(layout.bit_depth)] * 2]
    zeros, spans = (torch.tensor(values).reshape(3, 1, 1) for values in zip(*levels, strict=True))
    codes = torch.from_numpy(np.stack(planes).astype(np.float32))
    corrected = apply_maps(((codes - zeros) / spans)[None], torch.from_numpy(maps.values)[None], strength=0.7)[0]
    expected = (corrected * spans + zeros).clamp(0, largest)
    darkest = codes[0] - 0.7 * 0.75 * (codes[0] - levels[0][0]).clamp(min=0)
    brightest = codes[0] + 0.7 * 0.5 * (levels[0][0] + 0.85 * levels[0][1] - codes[0]).clamp(min=0)
    expected[0] = expected[0].clamp(darkest, brightest)

    assert float((expected - torch.from_numpy(np.stack(out).astype(np.float32))).abs().max()) <= 0.51
