"""From a frame to what is sent of it: every form that somebody wants, encoded once."""

from collections.abc import Collection

import av

from eid_stream.core.errors import SinkOpenError
from eid_stream.core.frame import Frame
from eid_stream.sinks.web.pictures.h264_track import H264Track
from eid_stream.sinks.web.pictures.jpeg_track import JpegTrack
from eid_stream.sinks.web.pictures.picture_size import MOST_WIDTH, size_for_page
from eid_stream.sinks.web.pictures.sent_picture import Codec, HazeMapBytes, SentPicture, Wish
from eid_stream.sinks.window.view import haze_share


class Studio:
    """Holds the encoders; not shared between threads. ``trouble`` says why there is no H.264; empty otherwise."""

    def __init__(self) -> None:
        """Open nothing before somebody looks."""
        self._tracks: dict[str, H264Track] = {}
        self._jpeg = JpegTrack()
        self.trouble = ""

    def encode(self, frame: Frame, wishes: Collection[Wish], *, key: bool, most_width: int = MOST_WIDTH) -> SentPicture:
        """Encode the frame for these wishes, no wider than ``most_width``.

        ``key`` asks for a picture that a new viewer can begin with.

        An encoder that fails is opened anew with the next frame.
        """
        size = size_for_page(frame.width, frame.height, most_width)
        shown = {"enhanced": frame}
        if any(wish.original for wish in wishes):
            shown["original"] = frame.captured
        made: dict[str, dict[Codec, bytes]] = {name: {} for name in ("enhanced", "original")}
        if any(wish.codec == "h264" for wish in wishes):
            key = self._encode_h264(shown, made, size, key=key)
        if any(wish.codec == "jpeg" for wish in wishes):
            for name, picture in shown.items():
                made[name]["jpeg"] = self._jpeg.encode(picture, size)
        haze = _haze_of(frame) if any(wish.haze for wish in wishes) else None
        track = self._tracks.get("enhanced")
        return SentPicture(
            about_frame(frame), made["enhanced"], made["original"], track.codec if track else "", key, haze
        )

    def _encode_h264(
        self, shown: dict[str, Frame], made: dict[str, dict[Codec, bytes]], size: tuple[int, int], *, key: bool
    ) -> bool:
        """Both tracks get their key frames together; returns whether this is one."""
        try:
            key = self._prepare(shown, size) or key
            units = {name: self._tracks[name].encode(picture, key=key) for name, picture in shown.items()}
        except (av.FFmpegError, SinkOpenError, ValueError) as error:
            self._tracks.clear()
            self.trouble = f"browsers: {error}"
            return False
        self.trouble = ""
        for name, unit in units.items():
            made[name]["h264"] = unit
        return key

    def _prepare(self, shown: dict[str, Frame], size: tuple[int, int]) -> bool:
        """Open what is missing, close what is not wanted; True when something was opened."""
        fits = {name for name, track in self._tracks.items() if name in shown and track.fits(shown[name], size)}
        wrong = self._tracks.keys() - fits
        for name in wrong:
            del self._tracks[name]
        missing = shown.keys() - self._tracks.keys()
        for name in missing:
            self._tracks[name] = H264Track(shown[name], size)
        return bool(missing)


def about_frame(frame: Frame) -> dict[str, object]:
    """What is told of a frame beside its picture; ``captured`` in milliseconds on the server's monotonic clock.

    Width and height are the largest that are sent; the picture itself may be smaller.
    """
    width, height = size_for_page(frame.width, frame.height)
    return {
        "number": frame.index,
        "captured": frame.captured_ns / 1e6,
        "width": width,
        "height": height,
        "dehazed": frame.state.dehazed,
        "why": frame.state.why,
        "density": None if frame.maps is None else round(frame.maps.density, 4),
    }


def _haze_of(frame: Frame) -> HazeMapBytes | None:
    if frame.maps is None:
        return None
    share = haze_share(frame.maps)
    return HazeMapBytes(share.shape[1], share.shape[0], share.tobytes())
