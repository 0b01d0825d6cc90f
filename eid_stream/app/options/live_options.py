"""What a user can ask of a live run. The field names are flags and keys, like those of ``run_options.Options``."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import remember

LIVE = Group("Live", sort_key=1)
WEB_PORT = 8400
"""Where the console is served without a number."""
_SIZE = re.compile(r"(\d+)x(\d+)")
_SEGMENT = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|MB|MiB|GB|GiB)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_BYTES = {"MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveOptions:
    """Everything a live run is told beyond ``Options``, checked."""

    live: bool = False
    """Play a file or the phantom in real time, dropping frames rather than being late."""
    window: Annotated[bool | None, Parameter(show_default=False)] = None
    """Show the picture in a window. [default: yes without --out, and beside a recording where there is a display]"""
    fullscreen: bool = False
    """Fill the monitor."""
    monitor: int | None = None
    """Monitor to use, counted from 0."""
    upscale: bool = False
    """Enlarge pictures that are smaller than the window."""
    marks_outside: bool = False
    """Put the marks above and below the picture."""
    also_out: tuple[str, ...] = ()
    """A further outlet, may be repeated: a file, rtsp://, rtmp://, udp://, srt:// or - for standard output."""
    record_original: Path | None = None
    """Record the picture as captured to this file, in step with the others."""
    segment: str | None = None
    """Begin a new file every so often: 10m, 600, 1h, or by size: 500MB, 2GB."""
    virtual_camera: str | None = None
    """Feed a virtual camera: /dev/video9, or any."""
    metrics: Annotated[int | None, Parameter(show_default=False)] = None
    """Serve counters and latencies for Prometheus on this port of 127.0.0.1."""
    web: Annotated[int | None, Parameter(show_default=False)] = None
    """Serve the console for browsers on this port; without a number on 8400."""
    web_host: str = "127.0.0.1"
    """Let others reach the console at this address of this machine, or 0.0.0.0 for all; they need the token shown."""
    web_certificate: Path | None = None
    """TLS certificate of the console, a PEM file."""
    web_key: Path | None = None
    """Key of the certificate, a PEM file."""
    size: str | None = None
    """Ask the camera for this size: 1920x1080."""
    rate: Fraction | None = None
    """Ask the camera for so many frames per second."""
    pixel_format: str | None = None
    """Ask the camera for this format: nv12, yuyv422, mjpeg, ... [default: raw if fast enough]"""
    deadline: float = 40.0
    """Wait so many milliseconds at most for the first look at a new scene, then show the original until it has come."""
    map_age_limit: float = 500.0
    """Show the original when the haze was last looked at so many milliseconds ago."""
    latency_limit: float = 100.0
    """Show the original when frames reach the screen so many milliseconds after their capture."""
    bypass_return: Literal["auto", "manual"] = "auto"
    """Whether a bypass after repeated faults ends by itself."""
    screenshots: Path = Path()
    """Folder for pictures saved with p and recordings started with r."""

    def __post_init__(self) -> None:
        """Refuse values that no run can use.

        Raises:
            ConfigError: a value is out of its range.
        """
        remember(self.also_out)
        if not 1.0 <= self.deadline <= 1000.0:
            raise ConfigError(f"--deadline is {self.deadline:g}: choose 1 to 1000 milliseconds.")
        if self.map_age_limit <= 0:
            raise ConfigError(f"--map-age-limit is {self.map_age_limit:g}: choose milliseconds above 0.")
        if self.latency_limit <= 0:
            raise ConfigError(f"--latency-limit is {self.latency_limit:g}: choose milliseconds above 0.")
        if self.metrics is not None and not 0 <= self.metrics <= 65535:
            raise ConfigError(f"--metrics is {self.metrics}: choose a port from 1 to 65535.")
        self._check_web()
        if self.rate is not None and self.rate <= 0:
            raise ConfigError("--rate is not above 0: choose frames per second such as 30.")
        if not self.screenshots.is_dir():
            raise ConfigError(f"--screenshots is {self.screenshots}: name a folder that exists.")
        self.capture_size()
        self.segment_limit()

    def _check_web(self) -> None:
        if self.web is not None and not 0 <= self.web <= 65535:
            raise ConfigError(f"--web is {self.web}: choose a port from 1 to 65535.")
        if (self.web_certificate is None) != (self.web_key is None):
            raise ConfigError("--web-certificate and --web-key belong together: name both files, or none.")
        for path in (self.web_certificate, self.web_key):
            if path is not None and not path.is_file():
                raise ConfigError(f"Cannot read {path} for TLS: name a PEM file that exists.")

    def capture_size(self) -> tuple[int | None, int | None]:
        """Width and height asked of the camera.

        Raises:
            ConfigError: it is no size.
        """
        if self.size is None:
            return None, None
        match = _SIZE.fullmatch(self.size)
        if match is None:
            raise ConfigError(f"--size is {self.size!r}: write it like 1920x1080.")
        return int(match[1]), int(match[2])

    def segment_limit(self) -> tuple[Fraction | None, int | None]:
        """Seconds or bytes after which a new file begins.

        Raises:
            ConfigError: it is neither.
        """
        if self.segment is None:
            return None, None
        match = _SEGMENT.fullmatch(self.segment.strip())
        if match is None or not float(match[1]):
            raise ConfigError(f"--segment is {self.segment!r}: write a time like 10m, or a size like 2GB.")
        amount, unit = Fraction(match[1]), match[2]
        if unit in _BYTES:
            return None, int(amount * _BYTES[unit])
        return amount * _SECONDS[unit], None
