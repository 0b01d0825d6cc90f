"""Cover pictures for containers that hold them as attached files."""

from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Stream

_FILES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png"), "webp": ("cover.webp", "image/webp")}


def attach_cover(stream: Stream, source: InputContainer, target: OutputContainer) -> AttachmentStream | None:
    """Add the cover picture of ``stream`` to ``target`` as a file; None where it is of no common format.

    To be called before anything else is read: FFmpeg hands out covers first.
    """
    default_name, mimetype = _FILES.get(stream.codec_context.name, ("", ""))
    cover = next((packet for packet in source.demux(stream) if packet.size), None) if mimetype else None
    if cover is None:
        return None
    return target.add_attachment(stream.metadata.get("filename", default_name), mimetype, bytes(cover))
