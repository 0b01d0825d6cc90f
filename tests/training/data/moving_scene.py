"""Clips written for tests: a camera moves slowly over a texture, behind smoke of known opacity."""

from collections.abc import Callable, Iterable
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FRAMES = 256, 192, 14
Picture = NDArray[np.float32]


def anatomy(seed: int) -> Picture:
    """A reddish texture, RGB in [0, 1], larger than a frame so that a camera can move over it."""
    coarse = np.random.default_rng(seed).random((36, 48, 3)).astype(np.float32)
    size = WIDTH + 64, HEIGHT + 48
    texture = np.clip(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), 0.0, 1.0)
    return np.asarray(texture * np.array([0.8, 0.35, 0.3], np.float32) + np.float32(0.05), np.float32)


def seen_at(scene: Picture, number: int) -> Picture:
    """What a slowly moving camera sees: a pixel and a half to the right with each frame."""
    moved = np.array([[1.0, 0.0, -1.5 * number - 4.0], [0.0, 1.0, -8.0]])
    return np.asarray(cv2.warpAffine(scene, moved, (WIDTH, HEIGHT)), np.float32)


def write(path: Path, frames: Iterable[Picture]) -> Path:
    """A clip of five frames a second, so that each is a moment."""
    with av.open(path, "w") as video:
        stream = video.add_stream("libx264", rate=5, options={"crf": "12", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in frames:
            codes = np.rint(frame * 255.0).astype(np.uint8)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24")))
        video.mux(stream.encode())
    return path


def veiled(frame: Picture, opacity: float) -> Picture:
    return np.asarray(frame * (1.0 - opacity) + 0.7 * opacity, np.float32)


def write_clip(path: Path, opacity: Callable[[int], float]) -> Path:
    """One scene behind a veil whose opacity depends on the number of the frame."""
    scene = anatomy(0)
    return write(path, (veiled(seen_at(scene, n), opacity(n)) for n in range(FRAMES)))
