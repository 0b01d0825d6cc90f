"""One picture, encoded as BT.601 and as BT.709, comes back as one picture."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx
from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.interfaces import Engine
from eid_stream.dehazing.map_estimator import MapEstimator
from tests.stand_ins.hazy_frames import dehazed_alone

Array = NDArray[np.float64]
WEIGHTS = {1: (0.2126, 0.7152, 0.0722), 6: (0.299, 0.587, 0.114)}
LAYOUT = PIXEL_LAYOUTS["yuv444p10le"]


def _from_rgb(matrix: int) -> Array:
    red, green, blue = WEIGHTS[matrix]
    luma = np.array([red, green, blue])
    rows: Array = np.stack([luma, (np.eye(3)[2] - luma) / (2 - 2 * blue), (np.eye(3)[0] - luma) / (2 - 2 * red)])
    return rows


def _smoky() -> Array:
    """Reddish tissue with structure behind a bluish veil that is denser on one side: RGB (3, 192, 256)."""
    rng = np.random.default_rng(4)
    tissue = np.kron(rng.random((24, 32)), np.ones((8, 8))) * np.array([0.75, 0.3, 0.25])[:, None, None]
    opacity = np.linspace(0.2, 0.7, 256)
    smoky: Array = tissue * (1.0 - opacity) + np.array([0.7, 0.75, 0.85])[:, None, None] * opacity
    return smoky


def _dehazed(engine: Engine, matrix: int) -> tuple[Array, float]:
    colour = Colour(matrix=matrix)
    levels = [colour.luma_levels(10), *(colour.chroma_levels(10),) * 2]
    ycbcr = np.tensordot(_from_rgb(matrix), _smoky(), axes=1)
    planes = [np.rint(zero + span * p).astype(np.uint16) for p, (zero, span) in zip(ycbcr, levels, strict=True)]
    frame = Frame((planes[0], planes[1], planes[2]), LAYOUT, colour, 0, Fraction(1, 25), 0, 0)
    shown = dehazed_alone(frame, MapEstimator(engine))
    assert shown.maps
    values = np.stack([(p - zero) / span for p, (zero, span) in zip(shown.planes, levels, strict=True)])
    rgb: Array = np.tensordot(np.linalg.inv(_from_rgb(matrix)), values, axes=1)
    return rgb, shown.maps.density


@pytest.mark.parametrize("opened", [PriorEngine, open_onnx])
def test_the_matrix_a_picture_is_encoded_in_does_not_change_the_answer(opened: type[PriorEngine]) -> None:
    (of_601, density_601), (of_709, density_709) = (_dehazed(opened(), matrix) for matrix in (6, 1))
    assert density_709 > 0.1, "there is something to take away"
    assert abs(density_601 - density_709) < 0.005
    difference = np.abs(of_601 - of_709)
    assert difference.mean() < 1.5 / 255.0
    assert np.quantile(difference, 0.99) < 6.0 / 255.0
