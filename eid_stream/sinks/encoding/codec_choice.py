"""Which encoder writes the video, and with which settings."""

from dataclasses import dataclass

import av

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import PixelLayout, StreamInfo

_SPEEDS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)
_ALIASES = {"avc": "h264", "x264": "h264", "h265": "hevc", "x265": "hevc"}


_FRAMES_BETWEEN = 3
"""B-frames in a row, as most presets have them."""
_LEAN = "sync-lookahead=0"
"""No thread of x264's own for looking ahead, whose frames are 23 MiB at 1080p: the same bytes in the same time."""


@dataclass(frozen=True, slots=True)
class CodecFamily:
    """One codec and the encoder used for it."""

    name: str
    encoder: str
    """FFmpeg's name of the encoder."""
    quality: float | None
    """Constant rate factor that is visually lossless; None: always lossless."""
    worst_quality: float
    preset: str
    presets: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    keeps_fields: bool = False
    """Whether its encoder marks interlaced pictures."""
    even_sizes: bool = True
    """Whether subsampled chroma needs sizes that can be halved."""


FAMILIES = {
    family.name: family
    for family in (
        CodecFamily("h264", "libx264", 17, 51, "veryfast", _SPEEDS, (("rc-lookahead", "5"),), keeps_fields=True),
        CodecFamily("hevc", "libx265", 18, 51, "superfast", _SPEEDS, (("x265-params", "log-level=none"),)),
        CodecFamily("av1", "libsvtav1", 20, 63, "9", tuple(map(str, range(14)))),
        CodecFamily(
            "ffv1",
            "ffv1",
            None,
            0,
            "",
            (),
            (("level", "3"), ("slicecrc", "1"), ("g", "1")),
            keeps_fields=True,
            even_sizes=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class CodecChoice:
    """An encoder with its settings."""

    family: CodecFamily
    options: dict[str, str]
    note: str = ""
    """One sentence where the choice is not what the source suggests; empty otherwise."""
    encoder: str = ""
    """FFmpeg's name of an encoder on a device, in place of the family's own; empty without one."""
    device: str = ""
    """FFmpeg's name of that device."""
    sent_as: str = ""
    """The pixel format that encoder takes, with the same samples; empty where it takes the video's own."""


def choose_codec(
    *,
    codec: str | None,
    quality: float | None,
    preset: str | None,
    info: StreamInfo,
    container_codecs: frozenset[str],
) -> CodecChoice:
    """Choose the asked codec, else the source's own, else H.264, else the first one that holds the picture.

    ``container_codecs`` are FFmpeg's names of the encoders that the container can hold.

    Raises:
        ConfigError: codec, quality or preset is unknown, or the asked codec cannot hold the picture.
    """
    family, note = _asked(codec, info, container_codecs) if codec else _default(info, container_codecs)
    options = dict(family.options) | _quality(family, quality) | _preset(family, preset) | _held_frames(family, info)
    return CodecChoice(family, options, note)


def _held_frames(family: CodecFamily, info: StreamInfo) -> dict[str, str]:
    """Let the encoder look ahead for a fifth of a second at most, so that little is lost when the process is killed."""
    held = max(1, int((info.nominal_rate or 25) / 5))
    low = held < _FRAMES_BETWEEN
    if family.name == "h264":
        shorter = {"bf": str(held)} if low else {}
        return {"rc-lookahead": str(min(5, held)), "x264-params": _LEAN} | shorter
    if family.name == "hevc":
        parameters = f"log-level=none:rc-lookahead={min(6, held + 1)}"
        return {"x265-params": f"{parameters}:bframes={held}:frame-threads=1" if low else parameters}
    return {}


def _asked(codec: str, info: StreamInfo, container_codecs: frozenset[str]) -> tuple[CodecFamily, str]:
    family, fitting = _named(codec), _fitting(info.layout, container_codecs)
    if family not in fitting:
        names = ", ".join(f.name for f in fitting)
        raise ConfigError(f"The codec {family.name} cannot hold {info.layout.name} in this container. Use {names}.")
    if info.interlaced and not family.keeps_fields:
        return family, f"The video is interlaced, which is not marked in {family.name}; h264 and ffv1 mark it."
    return family, ""


def _default(info: StreamInfo, container_codecs: frozenset[str]) -> tuple[CodecFamily, str]:
    fitting = _fitting(info.layout, container_codecs)
    fitting = [f for f in fitting if f.keeps_fields or not info.interlaced] or fitting
    wanted = FAMILIES.get(info.codec or "", FAMILIES["h264"])
    family = wanted if wanted in fitting else fitting[0]
    same = family.name == info.codec
    return family, "" if same else f"The video is {info.codec or 'raw'} and is written as {family.name}."


def _fitting(layout: PixelLayout, container_codecs: frozenset[str]) -> list[CodecFamily]:
    return [f for f in FAMILIES.values() if f.encoder in container_codecs and _holds(f, layout)]


def _named(codec: str) -> CodecFamily:
    name = codec.lower().replace(".", "")
    name = _ALIASES.get(name, name)
    if name not in FAMILIES:
        raise ConfigError(f"There is no codec {codec!r} to write with. Use {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def _holds(family: CodecFamily, layout: PixelLayout) -> bool:
    formats = av.Codec(family.encoder, "w").video_formats or []
    return any(pixel_format.name == layout.name for pixel_format in formats)


def _quality(family: CodecFamily, quality: float | None) -> dict[str, str]:
    if family.quality is None:
        if quality is not None:
            raise ConfigError(f"The codec {family.name} is lossless: leave out the quality.")
        return {}
    chosen = family.quality if quality is None else quality
    if not 0 <= chosen <= family.worst_quality:
        raise ConfigError(
            f"The quality {chosen:g} does not exist for {family.name}: "
            f"use 0 (best) to {family.worst_quality:g} (worst); {family.quality:g} is visually lossless."
        )
    return {"crf": f"{chosen:g}"}


def _preset(family: CodecFamily, preset: str | None) -> dict[str, str]:
    if preset is None:
        return {"preset": family.preset} if family.preset else {}
    if preset not in family.presets:
        known = f"Use one of {', '.join(family.presets)}." if family.presets else "It has none: leave it out."
        raise ConfigError(f"There is no preset {preset!r} for {family.name}. {known}")
    return {"preset": preset}
