"""A picture too large for the memory that is left is refused before it is decoded."""

from pathlib import Path

import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.sources.file.opening import memory_need
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.writing import Clip, write_clip


def test_a_video_is_refused_where_its_pictures_would_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, limit, used = write_clip(tmp_path / "clip.mkv"), tmp_path / "limit", tmp_path / "used"
    monkeypatch.setattr(memory_need, "_LIMIT", limit)
    monkeypatch.setattr(memory_need, "_USED", used)
    used.write_text("1000000\n")
    limit.write_text("1500000\n")
    with pytest.raises(SourceOpenError, match=r"is 96x64.*memory"):
        VideoFileSource(str(path))
    for enough in ("9000000\n", "max\n"):
        limit.write_text(enough)
        VideoFileSource(str(path)).close()


@pytest.mark.parametrize(("layout", "bytes_a_pixel"), [("yuv420p", 1.5), ("yuv422p10le", 4), ("yuv444p", 3)])
def test_what_a_picture_takes_is_told_by_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, bytes_a_pixel: float
) -> None:
    path = write_clip(tmp_path / "clip.mkv", Clip(layout=layout, codec="ffv1", frames=1))
    needed = round(96 * 64 * bytes_a_pixel * memory_need.PICTURES_IN_MEMORY)
    for left in (needed - 1, needed):
        monkeypatch.setattr(memory_need, "available_bytes", lambda left=left: left)
        if left < needed:
            with pytest.raises(SourceOpenError, match="memory"):
                VideoFileSource(str(path))
        else:
            VideoFileSource(str(path)).close()
