"""Real files of recorders, each of which once lost something without a word: what becomes of them now."""

import os
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from eid_stream.core.errors import SourceError
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import Track, read_tracks
from tests.piped import standard_input_from

MEDIA = Path(os.environ.get("EID_DATA", Path(__file__).parents[4] / "shared" / "data")) / "media"
BEGINS, JOINED = "clock begins at", "begins anew or jumps"
NO_TIMES = "holds no times: 25 frames a second are taken"
INDEX_LAST = "index lies at its end"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be found in the output, and what is said."""

    frames: int
    tracks: str
    """The kinds and codecs of all tracks."""
    said: tuple[str, ...] = ()
    """Parts of all sentences, in any order, but those about milliseconds and other codecs."""


FILES = {
    ("tclong.mov", ".mov"): Kept(200, "video h264, data"),
    ("joined.ts", ".mp4"): Kept(150, "video h264, audio aac", (BEGINS, JOINED)),
    ("joined.ts", ".mkv"): Kept(150, "video h264, audio aac", (BEGINS, JOINED)),
    ("joined.vob", ".mkv"): Kept(100, "video h264, audio mp2", (BEGINS, JOINED)),
    ("exif_mjpeg.avi", ".mkv"): Kept(25, "video h264"),
    ("a_water_180_mvhevc_5frames.mov", ".mov"): Kept(5, "video h264", ("other eye's view", "projection")),
    ("s.wmv", ".mkv"): Kept(50, "video h264, audio wmav2"),
    ("s.wmv", ".mp4"): Kept(50, "video h264", ("wmav2) is left out: MP4 cannot carry it. .mkv can",)),
    ("a_pcm_alaw.avi", ".mkv"): Kept(25, "video h264, audio pcm_alaw"),
    ("lpcm.vob", ".mp4"): Kept(50, "video h264, audio alac", (BEGINS, "stored as alac, without loss")),
    ("lpcm.vob", ".mkv"): Kept(50, "video h264, audio pcm_s16le", (BEGINS, "stored as pcm_s16le, without loss")),
    ("e_sample_3GPP2.3g2", ".mov"): Kept(74, "audio amrnb, video h264"),
    ("off.mkv", ".mkv"): Kept(50, "video h264, audio aac", (BEGINS,)),
    ("rc.ts", ".mkv"): Kept(50, "video h264", (BEGINS, "grows to 640x360", "usable time stamp", "another size")),
    ("screenvfr.mp4", ".mp4"): Kept(102, "video h264"),
    ("a_iibbibb_editlist_videoonly.mp4", ".mp4"): Kept(12, "video h264"),
    ("std.h264", ".mkv"): Kept(50, "video h264", (NO_TIMES,)),
    ("std.mjpeg", ".mkv"): Kept(50, "video h264", (NO_TIMES,)),
    ("std.mpjpeg", ".mkv"): Kept(50, "video h264", (NO_TIMES,)),
    ("fullffv1.mkv", ".mkv"): Kept(10, "video h264"),
}
PIPED = {
    "std.h264": Kept(50, "video h264", (NO_TIMES,)),
    "std.mjpeg": Kept(50, "video h264", (NO_TIMES,)),
    "std.mpjpeg": Kept(50, "video h264", (NO_TIMES,)),
    "joined.ts": Kept(150, "video h264, audio aac", (BEGINS, JOINED)),
    "joined.vob": Kept(100, "video h264, audio mp2", (BEGINS, JOINED)),
    "rc.ts": Kept(50, "video h264", (BEGINS, "usable time stamp", "another size")),
    "off.mkv": Kept(50, "video h264, audio aac", (BEGINS,)),
}


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    if not MEDIA.exists():
        pytest.skip("the unusual recordings are not here: set EID_DATA to the folder of the data")
    reader = SimpleNamespace(fileno=lambda: 0, closed=False)
    reader.buffer = reader
    monkeypatch.setattr("sys.stdin", reader)


def recorded(address: str, out: Path) -> tuple[int, list[str]]:
    """How many frames were recorded, and everything that was said."""
    with closing(VideoFileSource(address)) as source:
        recorder = Recorder(
            out, source.info, copy_from=source.input, codec="h264", source_has_ended=lambda: source.has_ended
        )
        frames = 0
        for frame in source:
            recorder.write(frame)
            frames += 1
        recorder.publish()
        return frames, [*source.notes, *recorder.notes, *source.damage.sentences(), *recorder.damage]


def named(tracks: list[Track]) -> str:
    return ", ".join(f"{track.type} {track.codec}".strip() for track in tracks)


def unexpected(said: list[str], expected: tuple[str, ...]) -> Iterator[str]:
    """Sentences that nobody expects, and expected ones that are missing."""
    told = [sentence for sentence in said if "millisecond" not in sentence and "is written as" not in sentence]
    yield from (sentence for sentence in told if not any(each in sentence for each in expected))
    yield from (f"not said: {each}" for each in expected if not any(each in sentence for sentence in told))


@pytest.mark.parametrize(("name", "extension"), FILES)
def test_everything_of_a_file_is_kept_or_said(tmp_path: Path, name: str, extension: str) -> None:
    kept, out = FILES[name, extension], tmp_path / f"out{extension}"
    frames, said = recorded(str(MEDIA / name), out)
    assert (frames, named(read_tracks(out)), list(unexpected(said, kept.said))) == (kept.frames, kept.tracks, [])


@pytest.mark.parametrize("name", PIPED)
def test_everything_that_comes_through_a_pipe_is_kept_or_said(tmp_path: Path, name: str) -> None:
    kept, out = PIPED[name], tmp_path / "out.mkv"
    with standard_input_from(MEDIA / name):
        frames, said = recorded("-", out)
    assert (frames, named(read_tracks(out)), list(unexpected(said, kept.said))) == (kept.frames, kept.tracks, [])


@pytest.mark.parametrize(
    ("name", "piped", "says"),
    [
        ("enc.mp4", False, "is encrypted, and there is no key"),
        ("video.dcm", False, "is a DICOM object"),
        ("video.dcm", True, "is a DICOM object"),
        ("std.mp4", True, INDEX_LAST),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, piped: bool, says: str) -> None:
    out = tmp_path / "out.mkv"
    with (
        standard_input_from(MEDIA / name) if piped else nullcontext(),
        pytest.raises(SourceError, match=says),
    ):
        recorded("-" if piped else str(MEDIA / name), out)
    assert not out.exists()
