"""Real clips as frames."""

from collections.abc import Iterator
from pathlib import Path

import av

from eid_stream.frame import PIXEL_LAYOUTS, Frame
from eid_stream.picture_buffer import colour_of, view


def read_clip(*paths: Path) -> Iterator[Frame]:
    """Decode files that join without a gap; index and time run on."""
    index, start = 0, 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            last = 0
            for picture in container.decode(stream):
                pts = picture.pts or 0
                last = pts + (picture.duration or 0)
                yield Frame(
                    planes=view(picture),
                    layout=PIXEL_LAYOUTS[picture.format.name.replace("yuvj", "yuv")],
                    colour=colour_of(picture),
                    pts=start + pts,
                    time_base=stream.time_base,
                    index=index,
                    captured_ns=0,
                    buffer=picture,
                )
                index += 1
            start += last
