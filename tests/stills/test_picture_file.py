from pathlib import Path

import cv2
import numpy as np
import pytest

from eid_stream.core.errors import ConfigError, SinkOpenError, SourceOpenError
from eid_stream.stills.picture_file import Samples, check_output, read_picture, write_picture

SHAPES = {"grey": (40, 50), "colour": (40, 50, 3), "transparent": (40, 50, 4)}


def noise(kind: str, dtype: type[np.uint8] | type[np.uint16]) -> Samples:
    samples: Samples = np.random.default_rng(1).integers(0, np.iinfo(dtype).max + 1, SHAPES[kind], dtype)
    return samples


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", SHAPES)
def test_every_sample_comes_back_as_it_was(
    tmp_path: Path, kind: str, dtype: type[np.uint8] | type[np.uint16], suffix: str
) -> None:
    samples = noise(kind, dtype)
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), samples)
    read = read_picture(path)
    write_picture(tmp_path / f"b{suffix}", read.pages, read)
    again = read_picture(tmp_path / f"b{suffix}").pages[0]
    assert again.dtype == dtype
    assert np.array_equal(again, samples)


def test_all_pages_of_a_stack_are_kept_and_only_a_tiff_can_hold_them(tmp_path: Path) -> None:
    pages = [noise("grey", np.uint16), noise("grey", np.uint16)[::-1].copy()]
    cv2.imwritemulti(str(tmp_path / "stack.tif"), pages)
    read = read_picture(tmp_path / "stack.tif")
    write_picture(tmp_path / "out.tif", read.pages, read)
    again = read_picture(tmp_path / "out.tif").pages
    assert len(again) == 2
    assert all(np.array_equal(a, b) for a, b in zip(again, pages, strict=True))
    with pytest.raises(ConfigError, match=r"2 pages and \.png holds one"):
        check_output(tmp_path / "out.png", read, overwrite=False)


def test_the_turn_that_a_camera_noted_stays_with_a_photograph(tmp_path: Path) -> None:
    turned = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    exif = np.frombuffer(turned, np.uint8)
    _, encoded = cv2.imencodeWithMetadata(".jpg", noise("colour", np.uint8), [cv2.IMAGE_METADATA_EXIF], [exif])
    (tmp_path / "a.jpg").write_bytes(encoded.tobytes())
    read = read_picture(tmp_path / "a.jpg")
    write_picture(tmp_path / "b.jpg", read.pages, read)
    again = read_picture(tmp_path / "b.jpg")
    assert again.pages[0].shape == (40, 50, 3)
    assert any(bytes(np.asarray(tag).ravel()).endswith(turned) for tag in again.tags)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"junk" * 50, "is damaged"), (b"\x89PNG\r\n\x1a\n" + bytes(100), "is damaged")],
    ids=["empty", "junk", "cut off"],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_is_no_picture_is_refused_in_one_sentence(tmp_path: Path, content: bytes, says: str, suffix: str) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(SourceOpenError, match=says):
        read_picture(path)


def test_a_picture_of_floating_point_numbers_or_a_few_pixels_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "float.tif"), np.zeros((40, 50), np.float32))
    with pytest.raises(SourceOpenError, match="type float32; 8 and 16 bit integers are read"):
        read_picture(tmp_path / "float.tif")
    cv2.imwrite(str(tmp_path / "tiny.png"), np.zeros((8, 50), np.uint8))
    with pytest.raises(SourceOpenError, match="is 50x8"):
        read_picture(tmp_path / "tiny.png")


@pytest.mark.parametrize(
    ("kind", "dtype", "name", "says"),
    [
        ("grey", np.uint16, "a.jpg", "16 bits a sample and .jpg holds 8"),
        ("transparent", np.uint8, "a.jpg", "transparent in parts"),
        ("colour", np.uint8, "a.mp4", "choose .bmp, .jpeg"),
    ],
)
def test_a_format_that_would_lose_something_is_refused(
    tmp_path: Path, kind: str, dtype: type[np.uint8] | type[np.uint16], name: str, says: str
) -> None:
    cv2.imwrite(str(tmp_path / "source.png"), noise(kind, dtype))
    with pytest.raises(ConfigError, match=says):
        check_output(tmp_path / name, read_picture(tmp_path / "source.png"), overwrite=False)


def test_a_file_that_is_there_is_not_replaced_unless_asked_for(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), noise("grey", np.uint8))
    picture = read_picture(tmp_path / "a.png")
    with pytest.raises(SinkOpenError, match="add --overwrite"):
        check_output(tmp_path / "a.png", picture, overwrite=False)
    check_output(tmp_path / "a.png", picture, overwrite=True)
