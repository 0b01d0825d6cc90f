"""Surgical smoke, rendered: what the phantom shows and what the student trains on. NumPy and OpenCV only."""

from eid_stream.smoke.camera import compress_h264, compress_jpeg, forward_scatter, sensor_noise
from eid_stream.smoke.look import CAMERA_SYSTEMS, SmokeLook, draw_look
from eid_stream.smoke.renderer import Rendered, Smoke, Veil, scene_of, shade

__all__ = [
    "CAMERA_SYSTEMS",
    "Rendered",
    "Smoke",
    "SmokeLook",
    "Veil",
    "compress_h264",
    "compress_jpeg",
    "draw_look",
    "forward_scatter",
    "scene_of",
    "sensor_noise",
    "shade",
]
