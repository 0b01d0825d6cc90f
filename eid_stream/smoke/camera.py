"""What happens to a smoky picture on its way through the camera: scatter, noise, compression."""

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np

from eid_stream.smoke.turbulence import Field


def forward_scatter(picture: Field, transmission: Field, *, strength: float = 1.0) -> Field:
    """Blur a picture, float32 (h, w, 3) in [0, 1], where smoke is dense: light scattered forward arrives astray.

    The blur's deviation grows to ``strength`` percent of the width at optical depth 1 and blends by 1 - t.
    """
    if strength <= 0.0:
        return picture
    sigma = 0.01 * strength * picture.shape[1]
    weight = ((1.0 - transmission) ** 2)[..., None]
    return np.asarray(picture + weight * (cv2.GaussianBlur(picture, (0, 0), sigma) - picture), np.float32)


def sensor_noise(picture: Field, *, seed: int, level: float = 0.01) -> Field:
    """Add a camera's noise to float32 (h, w, 3) in [0, 1]: grain of about two pixels, stronger in bright places.

    ``level`` is its standard deviation at mid grey; chroma noise is as strong as luma noise.
    """
    rng = np.random.default_rng([seed, 0x0153])
    height, width = picture.shape[:2]
    noise = rng.standard_normal((height, width, 3), np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * np.float32(2.3 * level)
    return np.asarray(np.clip(picture + noise * np.sqrt(0.3 + 1.4 * picture), 0.0, 1.0), np.float32)


def compress_jpeg(picture: Field, *, quality: int = 85) -> Field:
    """A still, float32 (h, w, 3) RGB in [0, 1], through JPEG with 4:2:0 chroma; ``quality`` 1 to 100."""
    codes = cv2.cvtColor(np.rint(picture * 255.0).astype(np.uint8), cv2.COLOR_RGB2BGR)
    packet = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(packet, cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.float32) * np.float32(1.0 / 255.0)


def compress_h264(pictures: Sequence[Field], *, quality: int = 26, rate: Fraction = Fraction(25)) -> list[Field]:
    """A sequence, float32 (h, w, 3) RGB in [0, 1] with even sides, through H.264; ``quality`` is x264's CRF."""
    import av

    height, width = pictures[0].shape[:2]
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = 1 / rate, rate
    encoder.options = {"crf": str(quality), "preset": "veryfast", "threads": "1"}
    packets = []
    for number, picture in enumerate(pictures):
        codes = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(codes, format="rgb24")
        frame.pts, frame.time_base = number, 1 / rate
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = encoder.extradata
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    return [frame.to_ndarray(format="rgb24").astype(np.float32) * np.float32(1.0 / 255.0) for frame in frames]
