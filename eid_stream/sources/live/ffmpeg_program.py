"""Live video through the ``ffmpeg`` program, for what PyAV's own FFmpeg cannot do in this process."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence

from eid_stream.core.errors import SourceOpenError
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sources.damage import Damage
from eid_stream.sources.live.live_stream import LiveInput, LiveStream


class FfmpegProgram:
    """A stream that another process receives and hands over through a pipe; it ends with that process.

    Used for SRT, which PyAV's FFmpeg does not speak, and for the screen: the X11 libraries that PyAV and OpenCV bring
    along cannot be used in one process.
    """

    def __init__(self, label: str, arguments: Sequence[str], *, container: str, skip_backlog: bool = True) -> None:
        """Start ``ffmpeg`` with ``arguments`` (its input and codec) and wait for the first picture.

        Raises:
            SourceOpenError: the program is not installed, or delivers no video.
        """
        program = shutil.which("ffmpeg")
        if program is None:
            raise SourceOpenError(f"{label} needs the ffmpeg program, which is not installed.")
        command = [program, "-nostdin", "-loglevel", "quiet", "-fflags", "nobuffer", *arguments]
        command += ["-an", "-flush_packets", "1", "-f", container, "pipe:1"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._reading = False
        assert self._process.stdout is not None
        pipe = f"pipe:{self._process.stdout.fileno()}"
        options = {"protocol_whitelist": "pipe", "fflags": "nobuffer"}
        try:
            self._stream = LiveStream(LiveInput(label, pipe, container, options, skip_backlog=skip_backlog))
        except BaseException:
            self._end()
            raise

    @property
    def info(self) -> StreamInfo:
        """As the program hands it over."""
        return self._stream.info

    @property
    def damage(self) -> Damage:
        """What was lost between the program and us, or before it."""
        return self._stream.damage

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the program ends.

        Raises:
            SourceReadError: it fell silent.
        """
        self._reading = True
        try:
            yield from self._stream
        finally:
            self._end()

    def close(self) -> None:
        """End the program, and with it whoever reads."""
        self._stream.close()
        self._process.kill()
        if not self._reading:
            self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
