"""The loops over views of a scene by OpenCV: what each of them computes, and the way out without a C compiler.

OpenCV is loaded by the first of them. It does all of this as well as ours do, but takes some 30 MiB of every file that
has no window: hence the loops in C.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
FLOW_SHAPE = 96, 128
"""Size of the views between which there is flow."""


class PlainViews:
    """The loops by OpenCV. Planes are C-contiguous, (height, width)."""

    def local_means(self, plane: Array, side: int) -> Array:
        """Means over squares of an odd side around each pixel, mirrored at the edges."""
        import cv2

        return np.asarray(cv2.blur(plane, (side, side)), np.float32)

    def content(self, luma: Array, black: float) -> Mask:
        """False where luma is below ``black`` and connected to the edge by such pixels."""
        import cv2

        dark = (luma < np.float32(black)).astype(np.uint8)
        framed = cv2.copyMakeBorder(dark, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(1.0,))
        mask = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
        cv2.floodFill(framed, mask, (0, 0), (2.0,))
        return np.asarray(framed[1:-1, 1:-1] != 2)

    def sampled(self, planes: Array, across: Array, down: Array) -> Array:
        """Planes (n, height, width) at other places of their own, bilinear; what lies outside is the edge."""
        import cv2

        moved = cv2.remap(
            np.ascontiguousarray(planes.transpose(1, 2, 0)),
            across,
            down,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.ascontiguousarray(moved.reshape(*across.shape, -1).transpose(2, 0, 1), np.float32)

    def flow(self, now: Array, then: Array, start: tuple[float, float]) -> tuple[Array, Array]:
        """Where each pixel of ``now`` was ``then``, in pixels to the right of it and down: codes of FLOW_SHAPE in.

        Dense inverse search (Kroeger et al., ECCV 2016) without variational refinement, begun at one shift.
        """
        import cv2

        first = np.empty((*FLOW_SHAPE, 2), np.float32)
        first[:] = start
        finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        finder.setPatchStride(4)
        finder.setVariationalRefinementIterations(0)
        found = finder.calc(now.astype(np.uint8), then.astype(np.uint8), first)
        return np.ascontiguousarray(found[..., 0]), np.ascontiguousarray(found[..., 1])
