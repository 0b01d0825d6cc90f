"""Neighbouring frames of real clips with the optical flow between them: what must not flicker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Area, fit
from training.data.views import MIRRORED_SHARE, UPSIDE_DOWN_SHARE, draw_colours, recolour

FramePair = tuple[NDArray[Any], ...]
"""First and second frame uint8 (h, w, 3), the way float16 (h, w, 2) and valid uint8 (h, w), as of ``ClipPairs``."""
FAITHFUL_CODES = 12.0
"""A pixel counts where warping the second frame onto the first leaves at most this difference of 8 bit luma."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPairs:
    """Pairs of frames: RGB (n, 3, h, w) in [0, 1] of either, the way from first to second, and where it holds."""

    first: Tensor
    second: Tensor
    way: Tensor
    """(n, h, w, 2): where each pixel of the first is in the second, in the coordinates of ``grid_sample``."""
    valid: Tensor
    """(n, 1, h, w), 0 or 1."""

    def to(self, device: torch.device) -> "ClipPairs":
        """The same on a device."""
        return ClipPairs(self.first.to(device), self.second.to(device), self.way.to(device), self.valid.to(device))


class ClipPairPool:
    """All pairs of some clips, ``stride`` frames from one first frame to the next."""

    def __init__(self, paths: Sequence[Path], *, stride: int, seed: int) -> None:
        self._seed = seed
        self.restart()
        self._pairs = [pair for path in paths for pair in _pairs(path, stride)]

    def __len__(self) -> int:
        return len(self._pairs)

    def restart(self, step: int = 0) -> None:
        """Draw what is drawn at a step."""
        self._rng = np.random.default_rng([self._seed, 0xC11B, step])

    def draw(self, count: int) -> ClipPairs:
        """Random pairs in random poses."""
        return draw_pairs(self._pairs, self._rng, count)


def draw_pairs(pairs: Sequence[FramePair], rng: np.random.Generator, count: int) -> ClipPairs:
    """Random pairs, mirrored, turned and recoloured as single views are: the scenes of a few clips are soon known."""
    return stack_pairs([_posed(pairs[int(rng.integers(len(pairs)))], rng) for _ in range(count)])


def stack_pairs(pairs: Sequence[FramePair]) -> ClipPairs:
    """Pairs kept in memory as the tensors of a batch."""
    stacks = [torch.from_numpy(np.stack([pair[part] for pair in pairs])) for part in range(4)]
    first, second = (stack.permute(0, 3, 1, 2).float() / 255.0 for stack in stacks[:2])
    return ClipPairs(first, second, stacks[2].float(), stacks[3][:, None].float())


def warp(pictures: Tensor, way: Tensor) -> Tensor:
    """Bring pictures (n, c, h / k, w / k) of the second frame onto the first by the way (n, h, w, 2) at full size."""
    shrink = way.shape[1] // pictures.shape[2]
    way = F.avg_pool2d(way.permute(0, 3, 1, 2), shrink).permute(0, 2, 3, 1)
    return F.grid_sample(pictures, way, mode="bilinear", padding_mode="border", align_corners=False)


def grid_of(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Coordinates of the pixels of a flow (h, w, 2), x before y."""
    x, y = np.meshgrid(np.arange(flow.shape[1]), np.arange(flow.shape[0]))
    return np.stack([x, y], axis=-1).astype(np.float32)


def way_to(places: NDArray[np.float32]) -> NDArray[np.float16]:
    """Places in pixels (h, w, 2), x before y, in the coordinates of ``grid_sample``: -1 to 1 from edge to edge.

    Corners are not aligned, so that a way means the same at any size of the pictures.
    """
    size = np.array([places.shape[1], places.shape[0]], np.float32)
    return ((2.0 * places + 1.0) / size - 1.0).astype(np.float16)


def brought_along(second: NDArray[np.uint8], way: NDArray[np.float16]) -> NDArray[np.uint8]:
    """The second frame (h, w, 3) as it looks from the first, by the way that is kept of a pair."""
    size = np.array([second.shape[1], second.shape[0]], np.float32)
    places = ((way.astype(np.float32) + 1.0) * size - 1.0) / 2.0
    return np.asarray(cv2.remap(second, places, None, cv2.INTER_LINEAR), np.uint8)  # type: ignore[call-overload]


def _posed(pair: FramePair, rng: np.random.Generator) -> FramePair:
    curves, mix = draw_colours(rng, bright=0.0)
    first, second, way, valid = pair
    pair = recolour(first, curves, mix), recolour(second, curves, mix), way, valid
    if rng.random() < MIRRORED_SHARE:
        first, second, way, valid = (part[:, ::-1] for part in pair)
        pair = first, second, way * np.array([-1, 1], way.dtype), valid
    if rng.random() < UPSIDE_DOWN_SHARE:
        first, second, way, valid = (part[::-1] for part in pair)
        pair = first, second, way * np.array([1, -1], way.dtype), valid
    return pair


def _pairs(path: Path, stride: int) -> Iterator[FramePair]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    previous: NDArray[np.uint8] | None = None
    for number, frame in enumerate(read_on_canvas(path)):
        if number % stride == 1 and previous is not None:
            way, valid = _way(flow, previous, frame)
            if valid.mean() > 0.3:
                yield previous, frame, way, valid
        previous = frame


def _way(
    flow: cv2.DISOpticalFlow, first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second)]
    moved = flow.calc(grey[0], grey[1], None)  # type: ignore[call-overload]
    places = grid_of(moved) + moved
    warped = cv2.remap(grey[1], places, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
    valid = np.abs(warped.astype(np.float32) - grey[0]) <= FAITHFUL_CODES
    return way_to(places), (valid & (grey[0] > 16)).astype(np.uint8)


def read_on_canvas(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Frames of a video on the thumbnail's canvas, RGB; videos stored squeezed into a square are stretched to 4:3."""
    video = cv2.VideoCapture(str(path))
    try:
        while (read := video.read())[0]:
            yield _on_canvas(np.asarray(read[1], np.uint8))
    finally:
        video.release()


def _on_canvas(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    area = Area(0, 0, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    if width != height:
        area = fit(width, height, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    canvas = np.zeros((THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3), np.uint8)
    small = cv2.resize(frame, (area.width, area.height), interpolation=cv2.INTER_AREA)
    canvas[area.top : area.top + area.height, area.left : area.left + area.width] = small[:, :, ::-1]
    return canvas
