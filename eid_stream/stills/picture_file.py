"""Picture files: every sample, bit depth, page, alpha and tag that OpenCV can carry over is kept."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import ConfigError, SinkOpenError, SinkWriteError, SourceOpenError
from eid_stream.stills.discovery import EXTENSIONS

Samples = NDArray[np.uint8] | NDArray[np.uint16]
"""(height, width) grey, or (height, width, channels) in OpenCV's order B, G, R, alpha; 8 or 16 bits."""
_SIXTEEN_BITS = frozenset({".png", ".tif", ".tiff"})
_ALPHA = frozenset({".png", ".tif", ".tiff", ".webp"})
_PAGES = frozenset({".tif", ".tiff"})
_SMALLEST_SIDE = 16
_LARGEST_PIXELS = 1 << 28
_QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],
}
"""Above 100 WebP is lossless."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureFile:
    """What a file holds."""

    pages: list[Samples]
    """One for each page of a TIFF; all other formats have one."""
    tag_kinds: list[int]
    tags: list[Any]
    """Exif, XMP and colour profile as OpenCV hands them over, for ``write_picture``; none for TIFF."""


def read_picture(path: Path) -> PictureFile:
    """Read a picture file whole.

    Raises:
        SourceOpenError: it is missing, damaged, no picture, too small, or of samples that are not 8 or 16 bit integers.
    """
    encoded = _bytes_of(path)
    try:
        if path.suffix.lower() in _PAGES:
            _, pages = cv2.imdecodemulti(encoded, cv2.IMREAD_UNCHANGED)
            found = PictureFile([_checked(page, path) for page in pages], [], [])
        else:
            picture, kinds, tags = cv2.imdecodeWithMetadata(encoded, flags=cv2.IMREAD_UNCHANGED)
            found = PictureFile([] if picture is None else [_checked(picture, path)], list(kinds), list(tags))
    except cv2.error as error:
        raise SourceOpenError(f"{path} cannot be read as a picture: {_said(error)}. Save it again as PNG.") from error
    if not found.pages:
        raise SourceOpenError(
            f"{path} is damaged, or no picture of a kind that is read here. Save it again as PNG or TIFF."
        )
    return found


def check_output(path: Path, source: PictureFile, *, overwrite: bool) -> None:
    """Refuse a name under which the picture could not be kept whole, or that is taken.

    Raises:
        ConfigError: the format does not hold what the source does.
        SinkOpenError: the file exists, or its folder does not.
    """
    suffix, first = path.suffix.lower(), source.pages[0]
    if suffix not in EXTENSIONS:
        raise ConfigError(f"A picture is not written as {path.name}: choose {', '.join(sorted(EXTENSIONS))}.")
    if first.dtype == np.uint16 and suffix not in _SIXTEEN_BITS:
        raise ConfigError(f"The picture has 16 bits a sample and {suffix} holds 8: name {path.stem}.png or .tif.")
    if _has_alpha(first) and suffix not in _ALPHA:
        raise ConfigError(f"The picture is transparent in parts and {suffix} cannot say so: name {path.stem}.png.")
    if len(source.pages) > 1 and suffix not in _PAGES:
        raise ConfigError(f"The picture has {len(source.pages)} pages and {suffix} holds one: name {path.stem}.tif.")
    if not path.parent.exists():
        raise SinkOpenError(f"The folder {path.parent} of the output does not exist. Create it, or give another one.")
    if path.exists() and not overwrite:
        raise SinkOpenError(f"{path} exists. Name another file, or add --overwrite.")


def write_picture(path: Path, pages: list[Samples], source: PictureFile) -> None:
    """Write pages with the tags of ``source``; the file appears whole or not at all.

    Raises:
        SinkWriteError: it cannot be written.
    """
    suffix = path.suffix.lower()
    settings = _QUALITY.get(suffix, [])
    try:
        if suffix in _PAGES:
            done, encoded = cv2.imencodemulti(suffix, pages, settings)
        else:
            done, encoded = cv2.imencodeWithMetadata(suffix, pages[0], source.tag_kinds, source.tags, settings)
    except cv2.error as error:
        raise SinkWriteError(f"{path} cannot be written: {_said(error)}. Name a .png or .tif file.") from error
    if not done:
        raise SinkWriteError(f"{path} cannot be written as {suffix}. Name a .png or .tif file.")
    part = path.with_name(f".unfinished.{os.getpid()}.{path.name}")
    try:
        part.write_bytes(encoded.tobytes())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SinkWriteError(f"Cannot write {path}: {error.strerror}. Check the disk and the folder.") from error


def _bytes_of(path: Path) -> NDArray[np.uint8]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceOpenError(f"Cannot open the picture {path}: {error.strerror}. Check the name.") from error
    if not content:
        raise SourceOpenError(f"The picture {path} is empty: nothing was ever written into it. Copy it again.")
    return np.frombuffer(content, np.uint8)


def _checked(page: NDArray[Any], path: Path) -> Samples:
    if page.dtype not in (np.uint8, np.uint16):
        raise SourceOpenError(
            f"{path} holds samples of type {page.dtype}; 8 and 16 bit integers are read. Convert it first."
        )
    if page.ndim == 3 and page.shape[2] not in (3, 4):
        raise SourceOpenError(f"{path} has {page.shape[2]} channels; grey, RGB and RGBA are read. Split it first.")
    height, width = page.shape[:2]
    if min(height, width) < _SMALLEST_SIDE or height * width > _LARGEST_PIXELS:
        raise SourceOpenError(
            f"{path} is {width}x{height}; sides from {_SMALLEST_SIDE} pixels and areas up to "
            f"{_LARGEST_PIXELS >> 20} megapixels are read. Cut or scale it first."
        )
    return page


def _has_alpha(page: Samples) -> bool:
    return page.ndim == 3 and page.shape[2] == 4


def _said(error: cv2.error) -> str:
    return " ".join(str(getattr(error, "err", "") or error).split())
