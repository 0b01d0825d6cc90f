"""Sending through the ``ffmpeg`` program, for protocols that PyAV's own FFmpeg does not speak (SRT)."""

import shutil
import subprocess
from contextlib import suppress

from eid_stream.core.errors import SinkError, SinkOpenError, SinkWriteError
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sinks.stream.stream_out import StreamOut

_PATIENCE_SECONDS = 2.0


class FfmpegProgramOut:
    """An MPEG transport stream through a pipe to another process, which sends it on."""

    def __init__(
        self,
        address: str,
        label: str,
        info: StreamInfo,
        first: Frame,
        *,
        quality: float | None = None,
        preset: str | None = None,
    ) -> None:
        """Start the program; that nobody receives shows when it ends.

        Raises:
            SinkOpenError: the program is not installed.
        """
        program = shutil.which("ffmpeg")
        if program is None:
            raise SinkOpenError(f"Sending to {label} needs the ffmpeg program, which is not installed.")
        self._label = label
        receive = ("-nostdin", "-loglevel", "quiet", "-fflags", "nobuffer", "-f", "mpegts", "-i", "pipe:0")
        self._process = subprocess.Popen(
            [program, *receive, "-c", "copy", "-flush_packets", "1", "-f", "mpegts", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: what was sent so far is to arrive
        )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin
        try:
            self._stream = StreamOut(self._pipe, label, "mpegts", info, first, quality=quality, preset=preset)
        except BaseException:
            self._end()
            raise

    def write(self, frame: Frame) -> None:
        """Send one frame.

        Raises:
            SinkWriteError: the program has ended: nobody receives.
        """
        if self._process.poll() is not None:
            raise SinkWriteError(f"Cannot send to {self._label}: nobody receives there.")
        self._stream.write(frame)

    def close(self) -> None:
        """Send what is left and end the program; may be called twice."""
        with suppress(SinkError):
            self._stream.close()
        self._end()

    def _end(self) -> None:
        with suppress(OSError):
            self._pipe.close()
        try:
            self._process.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
