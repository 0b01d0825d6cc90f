"""Files that are no video, or hold too little of it: refused in one sentence that names the file."""

import os
from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.side_streams import Sound, write_sound
from tests.media.writing import Clip, write_clip


def not_there(folder: Path) -> Path:
    return folder / "missing.mp4"


def a_folder(folder: Path) -> Path:
    return folder


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def noise(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(os.urandom(50_000))
    return path


def sound_only(folder: Path) -> Path:
    return write_sound(folder / "sound.m4a", Sound())


def without_index(folder: Path) -> Path:
    path = write_clip(folder / "cut.mp4", Clip(frames=50))
    path.write_bytes(path.read_bytes()[:6000])
    return path


def unknown_codec(folder: Path) -> Path:
    path = write_clip(folder / "unknown.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"xyz1"))
    return path


def absurdly_large(folder: Path) -> Path:
    path = folder / "huge.png"
    path.write_bytes(_png_header(60_000, 60_000))
    return path


def without_size(folder: Path) -> Path:
    path = folder / "none.png"
    path.write_bytes(_png_header(0, 0))
    return path


def _png_header(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + width.to_bytes(4, "big")
        + height.to_bytes(4, "big")
        + b"\x08\x02\x00\x00\x00"
        + bytes(200)
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (not_there, "no file"),
        (a_folder, "folder"),
        (empty, "empty"),
        (noise, "Cannot open"),
        (sound_only, "no video"),
        (without_index, "Cannot open"),
        (unknown_codec, "codec"),
        (absurdly_large, "too large"),
        (without_size, "no size"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path, make: object, words: str) -> None:
    assert callable(make)
    path = make(tmp_path)
    with pytest.raises(SourceOpenError, match=words) as refusal:
        VideoFileSource(str(path))
    message = str(refusal.value)
    assert str(path) in message
    assert "\n" not in message
    assert "Errno" not in message


def test_a_start_behind_the_end_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "short.mp4")
    with pytest.raises(SourceOpenError, match=r"after 100\.000 s"):
        VideoFileSource(str(path), start_seconds=Fraction(100))
