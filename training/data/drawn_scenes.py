"""Clear views of the synthetic operation: what is unlike all footage must neither count as smoke nor hide any.

A student that has seen footage alone takes a drawn scene for clear whatever is before it, and so the smoke of the
demonstration.
"""

from contextlib import closing
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from eid_stream.sources.phantom.phantom_source import PhantomSource
from training.data.picture_cache import Picture, make_picture
from training.network.colour import convert, ycbcr_to_rgb

DRAWN = 60
"""How many views training has; each is of an anatomy and of a moment of its own."""
SOURCE = "drawn"
FIRST_SEED = 10_000
"""Far from the seeds that demonstration, benchmarks and tests look at."""
CANVASES = ("size=384x216&content=circle", "size=384x216&content=full", "size=384x288&content=circle")


@cache
def draw_scenes(count: int = DRAWN) -> tuple[Picture, ...]:
    """Clear pictures of the synthetic operation, 0.2 s each; the same ones each time."""
    return tuple(make_picture(_drawn(number), source=SOURCE) for number in range(count))


def _drawn(number: int) -> NDArray[np.float32]:
    """RGB (height, width, 3) in [0, 1]."""
    canvas = CANVASES[number % len(CANVASES)]
    with closing(PhantomSource(f"phantom:?{canvas}&seed={FIRST_SEED + number}&smoke=0&layout=yuv444p")) as source:
        planes, colour = np.stack(source.truth(17 * number)).astype(np.float32), source.info.colour
    zeros, spans = np.array([colour.luma_levels(8), *(colour.chroma_levels(8),) * 2], np.float32).T[..., None, None]
    ycbcr = torch.from_numpy((planes - zeros) / spans)
    return convert(ycbcr, ycbcr_to_rgb(colour.matrix)).clamp(0.0, 1.0).permute(1, 2, 0).numpy()
