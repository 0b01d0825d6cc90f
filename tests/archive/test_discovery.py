from pathlib import Path

import pytest

from eid_stream.archive.discovery import find_videos, is_archive
from eid_stream.core.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MKV", "deep/er/c.avi", "notes.txt", "deep/picture.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "in"


def relatives(source: str) -> list[str]:
    return [video.relative.as_posix() for video in find_videos(source)]


def test_a_folder_gives_its_videos_with_their_places_and_leaves_the_rest(folder: Path) -> None:
    assert relatives(str(folder)) == ["a.MKV", "b.mp4", "deep/er/c.avi.mkv"]


def test_a_pattern_gives_what_it_matches_below_the_common_folder(folder: Path) -> None:
    assert relatives(f"{folder}/**/*.avi") == ["c.avi.mkv"]
    assert relatives(f"{folder}/*.[mM]*") == ["a.MKV", "b.mp4"]


def test_a_list_keeps_its_order_and_is_read_from_its_own_folder(folder: Path) -> None:
    (folder / "list.txt").write_text(f"# first\nb.mp4\n\n{folder}/deep/er/c.avi\n", encoding="utf-8")
    assert relatives(str(folder / "list.txt")) == ["b.mp4", "deep/er/c.avi.mkv"]


def test_a_list_that_names_a_missing_file_is_refused_by_that_name(folder: Path) -> None:
    (folder / "list.txt").write_text("gone.mp4\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"gone\.mp4, which is no file"):
        find_videos(str(folder / "list.txt"))


def test_two_videos_that_would_be_written_to_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.avi", "a.avi.mkv"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigError, match="would both be written as"):
        find_videos(str(tmp_path))


def test_a_folder_without_videos_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no video. Looked for .*\.mp4"):
        find_videos(str(tmp_path))


def test_single_files_addresses_and_the_phantom_are_no_archives(folder: Path) -> None:
    single = [str(folder / "b.mp4"), "rtsp://camera/[1]", "phantom:?size=64x48", "/dev/video0", "-", "missing.mp4"]
    assert not any(is_archive(source) for source in single)
    assert is_archive(str(folder))
    assert is_archive(f"{folder}/*.mp4")
    assert is_archive(str(folder / "notes.txt"))
