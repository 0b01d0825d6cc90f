"""Writing packets so that nothing beside the picture can end the picture."""

import errno

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

_REFUSALS = {
    av.error.InvalidDataError,
    av.error.PatchWelcomeError,
    av.error.BugError,
    av.error.ExternalError,
    av.error.UnknownError,
}
_REFUSING_NUMBERS = {errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.ERANGE}


def is_refusal(error: Exception) -> bool:
    """Whether FFmpeg cannot make sense of what it is given, as opposed to a disk that takes no more."""
    return type(error) in _REFUSALS or getattr(error, "errno", None) in _REFUSING_NUMBERS


class PacketWriter:
    """Writes the packets of all streams of one container in their order.

    FFmpeg sorts packets before it writes them, so that a packet which is refused may be told while one of another
    stream is handed over: it is counted, and whether all of the picture arrived is asked of the container at the end.
    """

    def __init__(self, container: OutputContainer) -> None:
        """Write into a container whose streams are laid out."""
        self._container = container
        self._video: Stream | None = None
        self._sent = 0
        self.refused = 0
        """Packets that the container did not take."""

    def write_video(self, packet: "Packet[Stream]") -> None:
        """Write a packet of the picture.

        Raises:
            OSError: the file cannot grow any further.
        """
        self._video = packet.stream
        self._sent += 1
        self.write(packet)

    def write(self, packet: "Packet[Stream]") -> None:
        """Write a packet of any stream.

        Raises:
            OSError: the file cannot grow any further.
        """
        try:
            self._container.mux(packet)
        except av.FFmpegError as error:
            if not is_refusal(error):
                raise
            self.refused += 1

    @property
    def missing_pictures(self) -> int:
        """Packets of the picture that did not get into the file; to be asked when it is closed."""
        return 0 if self._video is None else self._sent - self._video.frames
