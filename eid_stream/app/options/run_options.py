"""What a user can ask for. The field names are the flags of the command and the keys of a configuration file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from eid_stream.core.engine_names import EngineName
from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import remember
from eid_stream.core.rectangle import Rectangle

NULL_ADDRESS = "null:"
"""An output that keeps nothing."""
EncoderName = Literal["auto", "software", "nvenc", "vaapi", "qsv"]
DecoderName = Literal["auto", "software", "nvdec", "vaapi", "qsv"]

_CLOCK = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d*)?|\.\d+)")


def parse_seconds(text: str) -> Fraction:
    """Read a time such as ``90``, ``90.5``, ``1:30`` or ``00:01:30.500``, exactly.

    Raises:
        ConfigError: it is none of these.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match[2] is not None and Fraction(match[3]) >= 60):
        raise ConfigError(
            f"Cannot read {text!r} as a time: write seconds such as 90.5, or a clock such as 1:30 or 00:01:30.5."
        )
    hours, minutes, seconds = (Fraction(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _seconds(_: Any, tokens: Sequence[Token]) -> Fraction:
    return parse_seconds(tokens[0].value)


Seconds = Annotated[Fraction, Parameter(converter=_seconds, metavar="TIME", show_default=False)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Everything one run is told, checked."""

    source: str
    """Video to dehaze: a file, /dev/video0, rtsp:// and the like, - for standard input, or phantom:?size=1280x720.
    Or a picture (PNG, TIFF, JPEG, ...), or a folder of either."""
    out: str | None = None
    """File to write: .mp4, .mov or .mkv, a picture for a picture; null: measures without writing; without this a
    window opens."""
    engine: EngineName = "auto"
    """What estimates the haze; auto takes the fastest that works here."""
    weights: str | None = None
    """A student of your own: the folder that eid-stream-adapt or an export wrote. [default: EID_STREAM_WEIGHTS, or
    else the shipped one]"""
    strength: float = 1.0
    """How much of the haze to remove: 0 = nothing, bit for bit, 1 = all that is seen."""
    compare: Literal["split", "side"] | None = None
    """Show original and dehazed picture in one: split down the middle, or side by side at double width."""
    start: Seconds = Fraction(0)
    """Begin here: seconds or [HH:]MM:SS."""
    duration: Seconds | None = None
    """Go on for so long: seconds or [HH:]MM:SS."""
    keep_clock: bool = False
    """Keep the file's own times; without this an output begins at zero wherever the file's clock does."""
    scan: bool = True
    """Look through a file's key frames first, so that a scene's clear sight helps before it comes, too."""
    black_out: tuple[str, ...] = ()
    """Cover a part of the picture, such as a burnt-in name: LEFT,TOP,WIDTH,HEIGHT in pixels; may be repeated."""
    resume: bool = True
    """Go on where an earlier run of the same command was interrupted or killed."""
    overwrite: bool = False
    """Replace the output file if it exists."""
    pair_page: bool = False
    """Write OUT.html beside the output: it plays source and output with a border to drag and the haze as timeline."""
    stats: Path | None = None
    """Write what was counted and timed to this JSON file."""
    codec: str | None = None
    """Encoder family: h264, hevc, av1 or ffv1. [default: the source's, otherwise h264]"""
    quality: float | None = None
    """Constant rate factor of the encoder, lower is better. [default: visually lossless]"""
    preset: str | None = None
    """The encoder's own name for its speed, such as medium or fast."""
    encoder: EncoderName = "software"
    """What encodes files: software, or a GPU by nvenc, vaapi or qsv; auto takes the first of these that works here."""
    decoder: DecoderName = "software"
    """What decodes files: software, or a GPU by nvdec, vaapi or qsv; auto takes the first of these that works here."""

    frames: Literal["png", "jpg"] | None = None
    """Write pictures for learning in place of a video, into --out FOLDER/NAME, with a table of them."""
    fps: Fraction = Fraction(1)
    """With --frames: so many pictures a second, up to 25."""

    def __post_init__(self) -> None:
        """Refuse values that no run can use.

        Raises:
            ConfigError: a value is out of its range.
        """
        remember(address for address in (self.source, self.out) if address)
        if not self.source:
            raise ConfigError("--source is empty: name a video file, for example --source surgery.mp4.")
        if self.frames is not None and self.out in (None, NULL_ADDRESS, "-"):
            raise ConfigError("--frames writes pictures: name a folder for them with --out FOLDER.")
        if not 0 < self.fps <= 25:
            raise ConfigError(f"--fps is {self.fps}: choose more than 0 and up to 25 pictures a second.")
        if not 0.0 <= self.strength <= 1.0:
            raise ConfigError(f"--strength is {self.strength:g}: choose a value from 0 (nothing) to 1 (everything).")
        if self.pair_page and Path(self.out or NULL_ADDRESS).suffix.lower() not in (".mp4", ".mov", ".m4v", ".mkv"):
            raise ConfigError("--pair-page plays a file beside its source: give --out a name such as clear.mp4.")
        if self.duration is not None and self.duration <= 0:
            raise ConfigError("--duration is 0: choose a time longer than that, or leave it out.")
        if self.rectangles and self.pair_page:
            raise ConfigError("--pair-page plays the source, where nothing is blacked out. Leave one of them out.")

    @property
    def rectangles(self) -> tuple[Rectangle, ...]:
        """What is to be blacked out.

        Raises:
            ConfigError: one of them cannot be read.
        """
        return tuple(Rectangle.parse(text) for text in self.black_out)
