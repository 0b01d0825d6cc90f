"""What is said of a picture beside its samples: HDR10, stereo, captions. Kept, or told to be left out."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from eid_stream.core.frame import Colour, MasteringDisplay
from eid_stream.sources.file.side_data import content_light, mastering_display, side_data_of, stereo_packing
from tests.media.writing import Clip, write_clip
from tests.stand_ins.passthrough import pass_through

HDR10 = Colour(matrix=9, primaries=9, transfer=16)
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
GRADED_ON = MasteringDisplay(
    red=(Fraction(34, 50), Fraction(16, 50)),
    green=(Fraction(1325, 5000), Fraction(69, 100)),
    blue=(Fraction(15, 100), Fraction(6, 100)),
    white=(Fraction(3127, 10_000), Fraction(329, 1000)),
    darkest=Fraction(5, 1000),
    brightest=Fraction(1000),
)
HDR_CLIPS = {
    "hevc": Clip(
        layout="yuv420p10le",
        codec="libx265",
        colour=HDR10,
        options={"x265-params": f"log-level=none:master-display={DISPLAY}:max-cll=1000,400"},
    ),
    "h264": Clip(
        layout="yuv420p10le",
        colour=HDR10,
        options={"x264-params": f"mastering-display={DISPLAY}:cll=1000,400"},
    ),
}


def first_side_data(path: Path) -> dict[str, bytes]:
    with av.open(str(path)) as container:
        return side_data_of(next(container.decode(video=0)))


@pytest.mark.parametrize(
    ("codec", "extension"),
    [*((codec, extension) for codec in ("hevc", "h264") for extension in (".mp4", ".mov", ".mkv")), ("av1", ".mkv")],
)
def test_hdr10_mastering_display_and_light_levels_are_kept(tmp_path: Path, codec: str, extension: str) -> None:
    source = write_clip(tmp_path / "hdr.mkv", HDR_CLIPS.get(codec, HDR_CLIPS["hevc"]))
    passed = pass_through(source, tmp_path / f"out{extension}", codec=codec)
    data = first_side_data(passed.path)
    kept = mastering_display(data)
    assert kept is not None
    for name in ("red", "green", "blue", "white"):
        found, expected = (tuple(map(float, getattr(display, name))) for display in (kept, GRADED_ON))
        assert found == pytest.approx(expected, abs=1e-4)
    assert float(kept.brightest) == pytest.approx(1000, abs=1)
    assert float(kept.darkest) == pytest.approx(0.005, abs=0.001)
    assert content_light(data) == (1000, 400)
    assert not any("HDR10" in note for note in passed.notes)


def test_hdr10_that_a_codec_does_not_hold_is_said_to_be_left_out(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "hdr.mkv", HDR_CLIPS["hevc"])
    notes = pass_through(source, tmp_path / "out.mkv", codec="ffv1").notes
    assert "HDR10's mastering display and light levels are left out: ffv1 does not hold them." in notes


@pytest.mark.parametrize(("packing", "said"), [("3", "side by side"), ("4", "top and bottom")])
def test_how_both_eyes_lie_in_a_picture_is_kept_or_said(tmp_path: Path, packing: str, said: str) -> None:
    clip = Clip(options={"x264-params": f"frame-packing={packing}"})
    source = write_clip(tmp_path / "stereo.mp4", clip)
    for extension, codec in ((".mp4", "h264"), (".mkv", "h264"), (".mkv", "hevc")):
        out = pass_through(source, tmp_path / f"{codec}{extension}", codec=codec).path
        assert stereo_packing(first_side_data(out)) == said
    notes = pass_through(source, tmp_path / "hevc.mp4", codec="hevc").notes
    assert f"That the picture is stereo, {said}, is left out: h264 and .mkv say so." in notes


def captioned_h264(content: bytes) -> bytes:
    """A stream with closed captions (ATSC A/53, within an SEI message of ITU-T T.35) before each picture."""
    message = b"\xb5\x00\x31GA94\x03\x41\xff\xfc\x80\x80\xff"
    nal = b"\x00\x00\x00\x01\x06\x04" + bytes([len(message)]) + message + b"\x80"
    pieces = content.split(b"\x00\x00\x01")
    slices = [piece[:1] and piece[0] & 31 in (1, 5) for piece in pieces]
    return b"".join(
        (nal if is_slice else b"") + (b"\x00\x00\x01" if number else b"") + piece
        for number, (piece, is_slice) in enumerate(zip(pieces, slices, strict=True))
    )


def captioned_mpeg2(content: bytes) -> bytes:
    """The same as user data behind each picture's coding extension."""
    message = b"\x00\x00\x01\xb2GA94\x03\x41\xff\xfc\x80\x80\xff"
    pieces = content.split(b"\x00\x00\x01\x01")
    return pieces[0] + b"".join(message + b"\x00\x00\x01\x01" + piece for piece in pieces[1:])


@pytest.mark.parametrize(
    ("name", "codec", "captioned"),
    [("clip.h264", "libx264", captioned_h264), ("clip.m2v", "mpeg2video", captioned_mpeg2)],
)
def test_captions_within_the_pictures_are_said_to_be_left_out(
    tmp_path: Path, name: str, codec: str, captioned: Callable[[bytes], bytes]
) -> None:
    plain = write_clip(
        tmp_path / name,
        Clip(codec=codec, time_base=Fraction(1, 25)),
        format_name="mpeg2video" if codec == "mpeg2video" else None,
    )
    path = tmp_path / f"captions-{name}"
    path.write_bytes(captioned(plain.read_bytes()))
    passed = pass_through(path, tmp_path / "out.mkv", codec="h264")
    assert passed.frames == 12
    assert passed.damage == ["Closed captions within the pictures are left out."]
    assert pass_through(plain, tmp_path / "plain.mkv", codec="h264").damage == []
    with av.open(str(path)) as container:
        assert any("A53_CC" in side_data_of(picture) for picture in container.decode(video=0))
