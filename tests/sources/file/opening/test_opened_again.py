"""A file that is opened again: what its pictures are is known by then."""

from pathlib import Path

import pytest

from eid_stream.sources.file.opening.media_input import FileInput
from tests.media.writing import Clip, write_clip


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_no_picture_is_decoded_to_open_a_file_again_and_all_of_them_afterwards(tmp_path: Path, name: str) -> None:
    file = FileInput(write_clip(tmp_path / name, Clip(frames=12)))
    first, again = file.open(), file.open()
    assert first.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert again.streams.video[0].codec_context.pix_fmt is None
    pictures = [[(p.pts, p.to_ndarray().tobytes()) for p in one.decode(video=0)] for one in (first, again)]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) == 12
    for one in (first, again):
        file.finish(one)


def test_a_container_that_announces_nothing_is_opened_in_full_each_time(tmp_path: Path) -> None:
    file = FileInput(write_clip(tmp_path / "clip.ts", Clip(frames=12)))
    first, again = file.open(), file.open()
    assert first.streams.video[0].codec_context.pix_fmt == again.streams.video[0].codec_context.pix_fmt == "yuv420p"
    for one in (first, again):
        file.finish(one)
