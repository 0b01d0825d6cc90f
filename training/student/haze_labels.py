"""Labels of real hazy frames (``training.data.clear_looks``) in the pose that a frame is shown in."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.clear_looks import ClearLooks
from training.data.picture_cache import Picture
from training.data.views import Pose, view
from training.network.student import STRIDE


class HazeLabels:
    """Opacity of hazy frames, found when a frame is first shown and kept from then on, 0.1 s each."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        self._looks: ClearLooks | None = None
        self._known: dict[int, Picture] = {}

    def of(self, picture: Picture, pose: Pose) -> NDArray[np.float32]:
        """Opacity and how far it is believed, (2, h / 8, w / 8), of a picture in a pose: colours do not change it."""
        self._looks = self._looks or ClearLooks(self._pictures)
        if id(picture) not in self._known:
            self._known[id(picture)] = _as_picture(picture, self._looks)
        shown = view(self._known[id(picture)], replace(pose, curves=None, mix=None)).rgb[:2]
        size = shown.shape[2] // STRIDE, shown.shape[1] // STRIDE
        return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in shown])


def _as_picture(picture: Picture, looks: ClearLooks) -> Picture:
    """Opacity, trust and nothing as the channels of a picture."""
    label = looks.label(picture)
    planes = np.stack([label.opacity, label.trust, np.zeros_like(label.trust)], axis=2)
    return replace(picture, rgb=np.rint(planes * 255.0).astype(np.uint8))
