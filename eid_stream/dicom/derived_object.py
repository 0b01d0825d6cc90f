"""A cleared video as a DICOM object derived from the one it came from (PS3.3, C.7.6.1 and C.7.6.6; PS3.5, 8.2)."""

import io
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.dicom.encapsulated_video import read_object

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

_H264_41, _H264_42 = "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.104"
_HEVC_MAIN, _HEVC_MAIN10 = "1.2.840.10008.1.2.4.107", "1.2.840.10008.1.2.4.108"
_METHODS = {"h264": "ISO_14496_10", "hevc": "ISO_23008_2"}
_SERIES_ABOVE = 1000


@dataclass(frozen=True, slots=True)
class _Video:
    content: bytes
    codec: str
    width: int
    height: int
    frames: int
    rate: Fraction
    level: int
    bits: int


def write_derived(source: Path, video: Path, out: Path, *, description: str) -> None:
    """Write ``out``: the video in ``video`` (H.264 or H.265) as a new object of the same patient and study.

    It has UIDs of its own, image type DERIVED, ``description`` as its derivation, and refers to the source object.

    Raises:
        SourceOpenError: the source object cannot be read.
        SinkOpenError: the video fits no transfer syntax of DICOM.
        SinkWriteError: the object cannot be stored.
    """
    from pydicom.uid import UID

    derived = read_object(source)
    found = _as_transport_stream(video)
    syntax = _transfer_syntax(found)
    _refer_to_source(derived)
    _describe(derived, found, description, original_bytes=_original_bytes(derived))
    _encapsulate(derived, found.content)
    derived.file_meta.TransferSyntaxUID = UID(syntax)
    derived.file_meta.MediaStorageSOPInstanceUID = derived.SOPInstanceUID
    try:
        derived.save_as(out, enforce_file_format=True)
    except (OSError, ValueError) as error:
        raise SinkWriteError(f"Cannot write the DICOM object {out}: {error}.") from error


def _as_transport_stream(path: Path) -> _Video:
    """The same packets in MPEG-TS, the container that every DICOM viewer of video reads."""
    buffer = io.BytesIO()
    frames = 0
    with av.open(f"file:{path}") as source, av.open(buffer, "w", format="mpegts") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                frames += 1
                packet.stream = copy
                target.mux(packet)
        context = stream.codec_context
        rate = stream.average_rate or Fraction(25)
        bits = stream.format.components[0].bits
        codec, level = context.name, _level(context.extradata or b"", context.name)
        width, height = context.width, context.height
    return _Video(buffer.getvalue(), codec, width, height, frames, rate, level, bits)


def _level(extradata: bytes, codec: str) -> int:
    """Level of an H.264 stream times ten, from its configuration record (ISO 14496-15, 5.3.3); 0 where unknown."""
    return extradata[3] if codec == "h264" and len(extradata) > 3 and extradata[0] == 1 else 0


def _transfer_syntax(video: _Video) -> str:
    if video.codec == "hevc":
        return _HEVC_MAIN if video.bits == 8 else _HEVC_MAIN10
    if video.codec == "h264" and video.bits == 8 and video.level <= 42:
        return _H264_41 if video.level <= 41 else _H264_42
    raise SinkOpenError(
        f"A DICOM object holds H.264 of 8 bit up to level 4.2, or H.265; this video is {video.codec} of "
        f"{video.bits} bit, level {video.level / 10:g}. Give --codec hevc."
    )


def _original_bytes(derived: "FileDataset") -> int:
    bits = int(derived.get("BitsAllocated", 8)) * int(derived.get("SamplesPerPixel", 3))
    return int(derived.Rows) * int(derived.Columns) * int(derived.get("NumberOfFrames", 1)) * bits // 8


def _refer_to_source(derived: "FileDataset") -> None:
    from pydicom import Dataset, Sequence
    from pydicom.uid import generate_uid

    reference = Dataset()
    reference.ReferencedSOPClassUID = derived.SOPClassUID
    reference.ReferencedSOPInstanceUID = derived.SOPInstanceUID
    derived.SourceImageSequence = Sequence([reference])
    derived.SOPInstanceUID = generate_uid()
    derived.SeriesInstanceUID = generate_uid()
    derived.SeriesNumber = int(derived.get("SeriesNumber") or 0) + _SERIES_ABOVE
    kind = list(derived.get("ImageType") or ["ORIGINAL", "PRIMARY"])
    derived.ImageType = ["DERIVED", *(kind[1:] or ["PRIMARY"])]


def _describe(derived: "FileDataset", video: _Video, description: str, *, original_bytes: int) -> None:
    from pydicom.tag import Tag

    now = datetime.now()
    derived.InstanceCreationDate, derived.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    derived.DerivationDescription = description[:1024]
    derived.SeriesDescription = "Smoke removed"
    derived.Columns, derived.Rows, derived.NumberOfFrames = video.width, video.height, video.frames
    derived.CineRate = max(1, round(video.rate))
    derived.FrameTime = f"{float(1000 / video.rate):.6g}"
    derived.FrameIncrementPointer = Tag("FrameTime")
    derived.SamplesPerPixel, derived.PlanarConfiguration, derived.PixelRepresentation = 3, 0, 0
    derived.PhotometricInterpretation = "YBR_PARTIAL_420"
    derived.BitsStored, derived.HighBit = video.bits, video.bits - 1
    derived.BitsAllocated = 8 if video.bits == 8 else 16
    ratio = f"{max(1.0, original_bytes / max(1, len(video.content))):.6g}"
    derived.LossyImageCompression = "01"
    for name, value in (("LossyImageCompressionRatio", ratio), ("LossyImageCompressionMethod", _METHODS[video.codec])):
        before = derived.get(name)
        values = [] if before is None else [str(one) for one in (before if _is_many(before) else [before])]
        setattr(derived, name, [*values, value])


def _is_many(value: object) -> bool:
    from pydicom.multival import MultiValue

    return isinstance(value, MultiValue)


def _encapsulate(derived: "Dataset", content: bytes) -> None:
    from pydicom.encaps import encapsulate

    derived.PixelData = encapsulate([content], has_bot=False)
    derived["PixelData"].VR = "OB"
    derived["PixelData"].is_undefined_length = True
