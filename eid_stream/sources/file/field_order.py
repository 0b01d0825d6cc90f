"""Which field of an interlaced picture is shown first."""

import av
import av.filter
from av.video.format import VideoFormat
from av.video.frame import VideoFrame


def top_field_first(picture: VideoFrame) -> bool:
    """Say whether a picture is interlaced with its top field first.

    PyAV hides the flag and a file's header is often wrong about it, but FFmpeg's ``select`` filter knows it.
    """
    if not picture.interlaced_frame:
        return False
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=VideoFormat(picture.format.name),
        time_base=picture.time_base,
    )
    chooser, sink = graph.add("select", "eq(interlace_type,TOPFIRST)"), graph.add("buffersink")
    source.link_to(chooser)
    chooser.link_to(sink)
    graph.configure()
    graph.vpush(picture)
    try:
        graph.vpull()
    except av.BlockingIOError:
        return False
    return True
