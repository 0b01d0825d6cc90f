"""One picture from hazy to clear. A picture has no past: it is looked at as the first one of a scene is."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, Plane
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail, make_thumbnail
from eid_stream.dehazing.plane_correction import MOST_LIGHT_TAKEN
from eid_stream.stills.corrected_samples import TO_YCBCR, corrected_samples
from eid_stream.stills.picture_file import Samples

_LOOKED_AT = PIXEL_LAYOUTS["yuv444p12le"]
_FULL_RANGE_BT709 = Colour(matrix=1, full_range=True)
Estimate = Callable[[Thumbnail], HazeMaps]
"""Maps to be applied to a picture that nothing came before."""


class Cleared(NamedTuple):
    """A picture without its haze, and how much haze was seen in it, in [0, 1]."""

    samples: Samples
    density: float


class PictureDehazer:
    """Takes the haze out of single pictures of any size, 8 or 16 bits a sample, grey or colour, with alpha or without.

    At ``strength`` 0 they come back as they are.
    """

    def __init__(self, estimate: Estimate, card: EngineCard, strength: float = 1.0) -> None:
        """``card`` says which thumbnail ``estimate`` takes, and what its haze does to light."""
        self._estimate, self._card, self._strength = estimate, card, strength
        self._most_taken = 1.0 if card.only_adds_light else MOST_LIGHT_TAKEN

    def clear(self, samples: Samples) -> Cleared:
        """The same kind of samples, corrected; alpha stays as it is.

        Raises:
            EngineRunError: the engine has no answer.
        """
        if self._strength == 0.0:
            return Cleared(samples, 0.0)
        white = white_level(samples)
        maps = self._estimate(self._thumbnail(samples, white))
        return Cleared(corrected_samples(samples, maps, white, self._strength, self._most_taken), maps.density)

    def _thumbnail(self, samples: Samples, white: int) -> Thumbnail:
        return make_thumbnail(_frame(samples, white), self._card.thumbnail_width, self._card.thumbnail_height)


def white_level(samples: Samples) -> int:
    """The code value that stands for white: all bits set, of those that are in use.

    Cameras of 10, 12 and 14 bits store their samples in 16 without stretching them: 4095 is white there, not 65535.
    """
    if samples.dtype == np.uint8:
        return 255
    brightest = int(samples[..., :3].max() if samples.ndim == 3 else samples.max())
    return max(255, (1 << brightest.bit_length()) - 1)


def _frame(samples: Samples, white: int) -> Frame:
    """The picture as a frame of a video: Y'CbCr of BT.709, 4:4:4, 12 bits, full range."""
    span, middle = float((1 << 12) - 1), float(1 << 11)
    if samples.ndim == 2:
        luma = _codes(samples.astype(np.float32) * np.float32(span / white))
        neutral = np.full_like(luma, int(middle))
        planes: tuple[Plane, Plane, Plane] = (luma, neutral, neutral)
    else:
        ycbcr = samples[..., 2::-1].astype(np.float32) @ (TO_YCBCR.T * np.float32(span / white))
        planes = (_codes(ycbcr[..., 0]), _codes(ycbcr[..., 1] + middle), _codes(ycbcr[..., 2] + middle))
    return Frame(planes, _LOOKED_AT, _FULL_RANGE_BT709, 0, Fraction(1), 0, 0)


def _codes(values: NDArray[np.floating[Any]]) -> Plane:
    codes: Plane = np.clip(values + np.float32(0.5), 0, 4095).astype(np.uint16)
    return codes
