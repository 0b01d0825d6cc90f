"""Encoding on a GPU: NVENC, VAAPI or Quick Sync in place of the software encoder, where one opens for the picture."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import av
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import PixelLayout, StreamInfo
from eid_stream.sinks.encoding.codec_choice import CodecChoice

SOFTWARE, AUTO = "software", "auto"


@dataclass(frozen=True, slots=True)
class DeviceEncoder:
    """One kind of encoder: FFmpeg's name of its device, and how it is told a constant quality."""

    name: str
    device: str
    quality: tuple[tuple[str, str], ...]
    """Options; ``{}`` stands for the quality."""
    layouts: tuple[tuple[str, str], ...]
    """Our layouts, and what the encoder takes them as; the samples are the same."""


_SEMIPLANAR = (("yuv420p", "nv12"), ("yuv420p10le", "p010le"))
DEVICE_ENCODERS = {
    encoder.name: encoder
    for encoder in (
        DeviceEncoder(
            "nvenc",
            "cuda",
            (("rc", "constqp"), ("qp", "{}")),
            (("yuv420p", "yuv420p"), ("yuv444p", "yuv444p"), ("yuv420p10le", "p010le")),
        ),
        DeviceEncoder("vaapi", "vaapi", (("rc_mode", "CQP"), ("qp", "{}")), _SEMIPLANAR),
        DeviceEncoder("qsv", "qsv", (("global_quality", "{}"),), _SEMIPLANAR),
    )
}
"""In the order in which ``auto`` tries them."""


def on_device(choice: CodecChoice, encoder: str, info: StreamInfo) -> CodecChoice:
    """The same codec on the asked device; in software, with a sentence, where no such encoder opens.

    ``encoder`` is ``software``, a name of ``DEVICE_ENCODERS``, or ``auto``: the first of them that opens. The quality
    keeps its number: a constant quantiser in place of a constant rate factor. Presets are the software encoder's.

    Raises:
        ConfigError: there is no such encoder.
    """
    if encoder == SOFTWARE:
        return choice
    reasons = []
    for device in _asked(encoder):
        candidate = _candidate(choice, device, info.layout)
        reason = "it cannot hold this picture" if candidate is None else _why_not(candidate, info)
        if candidate is not None and not reason:
            return candidate
        reasons.append(f"{device.name}: {reason}")
    return replace(choice, note=f"{choice.note} The video is encoded in software ({'; '.join(reasons)}).".strip())


def _asked(encoder: str) -> tuple[DeviceEncoder, ...]:
    if encoder == AUTO:
        return tuple(DEVICE_ENCODERS.values())
    if encoder not in DEVICE_ENCODERS:
        raise ConfigError(f"There is no encoder {encoder!r}. Use {', '.join((AUTO, SOFTWARE, *DEVICE_ENCODERS))}.")
    return (DEVICE_ENCODERS[encoder],)


def _candidate(choice: CodecChoice, device: DeviceEncoder, layout: PixelLayout) -> CodecChoice | None:
    sent_as = dict(device.layouts).get(layout.name)
    quality = choice.options.get("crf")
    if sent_as is None or quality is None:
        return None
    options = {name: value.format(round(float(quality))) for name, value in device.quality}
    return replace(
        choice, encoder=f"{choice.family.name}_{device.name}", device=device.device, sent_as=sent_as, options=options
    )


def _why_not(choice: CodecChoice, info: StreamInfo) -> str:
    """Open the encoder for nothing; empty if that worked."""
    if info.interlaced:
        return "interlaced video is encoded in software only"
    try:
        context = av.CodecContext.create(choice.encoder, "w", hwaccel=HWAccel(choice.device))
        video = cast(VideoCodecContext, context)
        video.width, video.height, video.pix_fmt = info.width, info.height, choice.sent_as
        video.framerate, video.time_base, video.options = Fraction(25), Fraction(1, 25), dict(choice.options)
        video.open()
    except (av.FFmpegError, ValueError, NotImplementedError, RuntimeError) as error:
        return _reason(error, choice.encoder)
    return ""


def _reason(error: Exception, encoder: str) -> str:
    if isinstance(error, av.codec.codec.UnknownCodecError):
        return f"this FFmpeg was built without {encoder}"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{encoder} cannot be opened here ({said})"
