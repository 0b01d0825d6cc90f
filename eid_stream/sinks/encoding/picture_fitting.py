"""Making every picture the size the encoder was opened with."""

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from eid_stream.core.ffmpeg.picture_buffer import allocate, range_code, view
from eid_stream.core.frame import Colour, PixelLayout, Plane, Planes, StreamInfo


class PictureFitter:
    """Passes pictures of the right size; widens odd sizes by one repeated column or row; letterboxes all others.

    Encoders that subsample chroma refuse odd sizes, and a video may change its size in the middle.
    """

    def __init__(self, info: StreamInfo, *, even_sizes: bool) -> None:
        """Fit to the size of ``info``, rounded up to even where chroma is subsampled and the encoder asks for it."""
        self._layout: PixelLayout = info.layout
        self._step_x = 1 << info.layout.chroma_shift_x
        self._step_y = 1 << info.layout.chroma_shift_y
        self._size = info.width, info.height
        self.width = _round_up(info.width, self._step_x) if even_sizes else info.width
        self.height = _round_up(info.height, self._step_y) if even_sizes else info.height
        self._reformatter = VideoReformatter()

    @property
    def widened(self) -> bool:
        """Whether the written picture is larger than the source's."""
        return (self.width, self.height) != self._size

    def fit(self, picture: VideoFrame, colour: Colour) -> VideoFrame:
        """Return a picture of exactly ``width`` x ``height``."""
        if (picture.width, picture.height) == (self.width, self.height):
            return picture
        if (picture.width, picture.height) == self._size:
            return self._widen(picture)
        return self._letterbox(picture, colour)

    def _widen(self, picture: VideoFrame) -> VideoFrame:
        planes, widened = allocate(self.width, self.height, self._layout)
        for target, plane in zip(planes, view(picture), strict=True):
            _place(plane, target, 0, 0)
            target[: plane.shape[0], plane.shape[1] :] = plane[:, -1:]
            target[plane.shape[0] :] = target[plane.shape[0] - 1]
        return widened

    def _letterbox(self, picture: VideoFrame, colour: Colour) -> VideoFrame:
        scale = min(self.width / picture.width, self.height / picture.height)
        width = min(self.width, max(self._step_x, int(picture.width * scale) // self._step_x * self._step_x))
        height = min(self.height, max(self._step_y, int(picture.height * scale) // self._step_y * self._step_y))
        code_range = range_code(colour)
        scaled = self._reformatter.reformat(
            picture, width, height, self._layout.name, src_color_range=code_range, dst_color_range=code_range
        )
        planes, boxed = allocate(self.width, self.height, self._layout)
        _blacken(planes, self._layout, colour)
        left = (self.width - width) // 2 // self._step_x
        top = (self.height - height) // 2 // self._step_y
        for number, (target, plane) in enumerate(zip(planes, view(scaled), strict=True)):
            luma = number == 0
            _place(plane, target, top * self._step_y if luma else top, left * self._step_x if luma else left)
        return boxed


def _round_up(size: int, step: int) -> int:
    return -(-size // step) * step


def _place(plane: Plane, target: Plane, top: int, left: int) -> None:
    target[top : top + plane.shape[0], left : left + plane.shape[1]] = plane


def _blacken(planes: Planes, layout: PixelLayout, colour: Colour) -> None:
    planes[0][...] = int(colour.luma_levels(layout.bit_depth)[0])
    for chroma in planes[1:]:
        chroma[...] = int(colour.chroma_levels(layout.bit_depth)[0])
