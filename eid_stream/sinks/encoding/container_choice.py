"""Which container a file name asks for, and how it is written so that it survives a crash."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import av

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import StreamInfo

_FOR_EVERY_CONTAINER = {"flush_packets": "1", "max_interleave_delta": "300000"}
_FRAGMENTED = {
    "movflags": "hybrid_fragmented+delay_moov+use_metadata_tags+frag_keyframe",
    "min_frag_duration": "300000",
}
"""Fragments begin at key frames: ``frag_duration`` loses frames, and spoils times of sound beside subtitles."""
_CLUSTERED = {"cluster_time_limit": "300", "avoid_negative_ts": "disabled"}
"""Sound begins a few samples before zero; moving everything to make up for that would change every time stamp."""


@dataclass(frozen=True, slots=True)
class ContainerChoice:
    """A container as FFmpeg knows it."""

    name: str
    """What people call it."""
    format: str
    """FFmpeg's name of the format."""
    text_subtitles: str
    """FFmpeg's name of the codec in which it holds plain text subtitles."""
    refused: frozenset[str] = frozenset()
    """Encoders that FFmpeg lists for it and then refuses."""
    holds_covers: bool = False
    """Whether a cover picture can be stored, as an attached file; FFmpeg spoils it in fragmented MP4."""
    plays_apple_lossless_only: bool = False
    """Whether players of today take its uncompressed sound of more than 16 bits for noise."""
    whole_milliseconds: bool = False
    """Whether it rounds every time stamp to a millisecond."""
    text_comes_last: bool = False
    """Whether subtitles have to be written behind everything else: ``held_text.py``."""
    options: dict[str, str] = field(default_factory=dict)
    """FFmpeg's options: less than half a second at a time is written out for good."""


_MP4 = ContainerChoice(
    "MP4",
    "mp4",
    "mov_text",
    plays_apple_lossless_only=True,
    text_comes_last=True,
    options=_FRAGMENTED | _FOR_EVERY_CONTAINER,
)
_MOV = ContainerChoice(
    "QuickTime",
    "mov",
    "mov_text",
    refused=frozenset({"libsvtav1"}),
    text_comes_last=True,
    options=_FRAGMENTED | _FOR_EVERY_CONTAINER,
)
_MATROSKA = ContainerChoice(
    "Matroska",
    "matroska",
    "subrip",
    holds_covers=True,
    whole_milliseconds=True,
    options=_CLUSTERED | _FOR_EVERY_CONTAINER,
)
CONTAINERS = {".mkv": _MATROSKA, ".mp4": _MP4, ".m4v": _MP4, ".mov": _MOV}
"""Every container that is written, by the extension of its files."""


def encoders_of(choice: ContainerChoice) -> frozenset[str]:
    """FFmpeg's names of all encoders whose output the container can hold."""
    with av.open(io.BytesIO(), "w", format=choice.format) as container:
        return frozenset(container.supported_codecs) - choice.refused


def choose_container(path: Path) -> ContainerChoice:
    """Find the container for a file name.

    Raises:
        ConfigError: the extension stands for none that is written.
    """
    extension = path.suffix.lower()
    if extension not in CONTAINERS:
        known = ", ".join(CONTAINERS)
        raise ConfigError(f"Cannot tell the container of {path.name}: its extension is {extension!r}. Use {known}.")
    return CONTAINERS[extension]


def rounding_note(container: ContainerChoice, info: StreamInfo) -> str:
    """One sentence where the container cannot keep the time stamps as they are; else empty."""
    if not container.whole_milliseconds or (info.time_base * 1000).denominator == 1:
        return ""
    return f"{container.name} keeps time stamps to the millisecond."
