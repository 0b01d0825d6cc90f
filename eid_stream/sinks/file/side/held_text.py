"""Subtitles on their way into MP4 and QuickTime: written last, behind all pictures and sound."""

from av.packet import Packet
from av.stream import Stream


class HeldText:
    """Holds subtitles back until the end.

    In a file of fragments FFmpeg 8.1 ends each subtitle by itself, as soon as a packet of any other stream is later; it
    compares the two times as if all streams counted in one unit, and ends the process where subtitles overlap. A file
    that is killed thus plays, without its subtitles.
    """

    def __init__(self) -> None:
        self._packets: list[Packet[Stream]] = []

    def add(self, packet: "Packet[Stream]") -> None:
        """Hold one back; those of a stream come in their order."""
        self._packets.append(packet)

    def release(self) -> "list[Packet[Stream]]":
        """All of them by time, each ended where the next one of its stream begins: such a stream shows one at a time.

        That is how players show them anyway (ISO/IEC 14496-12, 8.6.1.2: a sample lasts until the next).
        """
        held, self._packets = self._packets, []
        following: dict[int, int] = {}
        for packet in reversed(held):
            begin, stream = packet.pts or 0, packet.stream.index
            packet.duration = min(
                packet.duration or 0, max(0, following.get(stream, begin + (packet.duration or 0)) - begin)
            )
            following[stream] = begin
        return sorted(held, key=lambda packet: (packet.pts or 0) * packet.time_base)
