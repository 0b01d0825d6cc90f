"""Decoding on a GPU: NVDEC, VAAPI or Quick Sync in place of the CPU, where one takes the video."""

from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from eid_stream.core.errors import ConfigError, SourceOpenError
from eid_stream.sources.file.opening.media_input import MediaInput
from eid_stream.sources.file.opening.open_file import open_file, pick_video

SOFTWARE, AUTO = "software", "auto"
DEVICES = {"nvdec": "cuda", "vaapi": "vaapi", "qsv": "qsv"}
"""Our names and FFmpeg's of its devices, in the order in which ``auto`` tries them."""


def open_for_decoding(wanted: MediaInput, decoder: str) -> tuple[InputContainer, str]:
    """Open an input so that the asked device decodes its pictures, and hands them out in main memory.

    ``decoder`` is ``software``, a name of ``DEVICES``, or ``auto``: the first of them that takes the video. Where none
    does, the video is decoded in software, and the second value is a sentence about it; otherwise it is empty.

    Raises:
        ConfigError: there is no such decoder.
        SourceOpenError: it is missing, or no video.
    """
    asked = _asked(decoder)
    container = wanted.open()
    reasons = []
    for name, device in asked.items():
        opened = "a pipe is read once only" if wanted.path is None else _opened(wanted.path, device)
        if isinstance(opened, InputContainer):
            wanted.finish(container)
            return opened, ""
        reasons.append(f"{name}: {opened}")
    return container, f"The video is decoded in software ({'; '.join(reasons)})." if reasons else ""


def _asked(decoder: str) -> dict[str, str]:
    if decoder in (SOFTWARE, AUTO):
        return {} if decoder == SOFTWARE else DEVICES
    if decoder not in DEVICES:
        raise ConfigError(f"There is no decoder {decoder!r}. Use {', '.join((AUTO, SOFTWARE, *DEVICES))}.")
    return {decoder: DEVICES[decoder]}


def _opened(path: Path, device: str) -> InputContainer | str:
    """The file with its video on the device, or why that is not so."""
    try:
        # with FFmpeg's own way back to software: a card may find out at the first picture that it is not for this one
        container = open_file(path, HWAccel(device, allow_software_fallback=True))
    except (av.FFmpegError, SourceOpenError, NotImplementedError, RuntimeError, ValueError) as error:
        return f"it cannot be used here ({_reason(error)})"
    if pick_video(container, path).codec_context.is_hwaccel:
        return container
    container.close()
    return "this FFmpeg was built without it, or it does not know the video's codec"


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
