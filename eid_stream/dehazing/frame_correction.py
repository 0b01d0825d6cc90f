"""A frame with maps in, the same frame without haze out."""

from dataclasses import replace

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.ffmpeg.picture_pool import PicturePool
from eid_stream.core.frame import DEHAZED, Frame, FrameState
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.plane_correction import BANDS, apply_maps, changes_nothing


def corrected(
    frame: Frame, maps: HazeMaps, strength: float, *, bands: int = BANDS, pictures: PicturePool | None = None
) -> Frame:
    """The frame dehazed by ``strength`` in [0, 1], with ``original`` and ``maps`` set; ``bands`` of ``apply_maps``.

    With ``pictures`` it is one of those.

    Where that changes no sample, as in most pictures without smoke, the planes are the captured ones.
    """
    if changes_nothing(maps, frame.layout, frame.colour, min(strength, 1.0)):
        return replace(frame, state=DEHAZED, original=frame, maps=maps)
    make = allocate if pictures is None else pictures.allocate
    planes, buffer = make(frame.width, frame.height, frame.layout)
    apply_maps(frame.planes, planes, maps, frame.layout, frame.colour, min(strength, 1.0), bands=bands)
    return replace(frame, planes=planes, buffer=buffer, state=DEHAZED, original=frame, maps=maps)


def as_captured(frame: Frame, why: str) -> Frame:
    """The very frame, with the reason why it is not dehazed."""
    return replace(frame, state=FrameState(dehazed=False, why=why))
