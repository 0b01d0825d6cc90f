"""The video inside a DICOM object: MPEG-2, H.264 or H.265, encapsulated (DICOM PS3.5, 8.2.5 to 8.2.8)."""

from pathlib import Path
from typing import TYPE_CHECKING

from eid_stream.core.errors import SourceOpenError

if TYPE_CHECKING:
    from pydicom import FileDataset

_PREAMBLE_BYTES = 128
_VIDEO_SYNTAXES = {f"1.2.840.10008.1.2.4.{number}{part}" for number in range(100, 107) for part in ("", ".1")} | {
    "1.2.840.10008.1.2.4.107",
    "1.2.840.10008.1.2.4.108",
}
"""Transfer syntaxes whose pixel data is one video; those that end in .1 may cut it into several fragments."""


def is_dicom(path: Path) -> bool:
    """Whether a file is a DICOM object, by its preamble (PS3.10, 7.1)."""
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE_BYTES + 4)[_PREAMBLE_BYTES:] == b"DICM"
    except OSError:
        return False


def read_object(path: Path) -> "FileDataset":
    """Read a DICOM object; its pixel data stays on the disk until it is asked for.

    Raises:
        SourceOpenError: pydicom is missing, the object is damaged, or it holds no video.
    """
    try:
        import pydicom
    except ImportError as error:
        raise SourceOpenError(
            f"{path} is a DICOM object, and pydicom is not installed. Install it: pip install 'eid-stream[dicom]'"
        ) from error
    try:
        found = pydicom.dcmread(path, defer_size="1 MB")
        syntax = found.file_meta.TransferSyntaxUID
    except Exception as error:  # pydicom raises whatever its parsers meet
        said = " ".join(str(error).split()) or type(error).__name__
        raise SourceOpenError(f"The DICOM object {path} cannot be read: {said}.") from error
    if syntax not in _VIDEO_SYNTAXES:
        raise SourceOpenError(
            f"The DICOM object {path} holds no video: its transfer syntax is {syntax.name}. "
            "MPEG-2, H.264 and H.265 are read."
        )
    return found


def extract_video(source: Path, target: Path) -> None:
    """Write the video inside ``source`` to ``target``, byte for byte, whatever container it has.

    Raises:
        SourceOpenError: the object cannot be read, or its pixel data is cut off.
    """
    found = read_object(source)
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    try:
        from io import BytesIO

        content = BytesIO(found.PixelData)
        parse_basic_offsets(content)
        with target.open("wb") as file:
            for fragment in generate_fragments(content):
                file.write(fragment)
    except Exception as error:  # pydicom raises whatever it meets in a damaged object
        said = " ".join(str(error).split()) or type(error).__name__
        raise SourceOpenError(f"The video inside the DICOM object {source} cannot be read: {said}.") from error
