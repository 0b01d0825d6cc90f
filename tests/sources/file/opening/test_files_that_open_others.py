"""A file stands for itself: playlists and lists of files are refused under any name."""

from pathlib import Path

import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.writing import Clip, write_clip

LISTS = {
    "HLS": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n{secret}\n#EXT-X-ENDLIST\n",
    "HLS with an address": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "concat with an address": "ffconcat version 1.0\nfile file:{secret}\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{secret}</BaseURL></MPD>',
}


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.ffconcat", "list.mkv", "list"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_files_is_refused_under_any_name(tmp_path: Path, kind: str, name: str) -> None:
    secret = write_clip(tmp_path / "secret.ts", Clip(frames=10))
    path = tmp_path / name
    path.write_text(LISTS[kind].format(secret=secret))
    with pytest.raises(SourceOpenError) as refused:
        VideoFileSource(str(path))
    assert str(path) in str(refused.value)


def test_a_name_that_stands_for_many_pictures_is_one_file(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"picture{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "picture%d.png").write_bytes(b"not a picture")
    with pytest.raises(SourceOpenError):
        VideoFileSource(str(tmp_path / "picture%d.png"))
