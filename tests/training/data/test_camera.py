import numpy as np
from numpy.typing import NDArray

from training.data.camera import Camera, draw_camera, draw_grain

Array = NDArray[np.float32]
EVERYWHERE = np.ones((1, 192, 256), np.float32)


def _grey(level: float = 0.5) -> Array:
    return np.full((3, 192, 256), level, np.float32)


def _cameras(count: int) -> list[Camera]:
    return [draw_camera(np.random.default_rng(seed)) for seed in range(count)]


def test_grain_is_up_to_a_limit_and_never_the_same_twice() -> None:
    rng = np.random.default_rng(0)
    spreads = [float(draw_grain(rng).std()) for _ in range(30)]
    assert max(spreads) < 0.017
    assert len(set(spreads)) == 30


def test_some_cameras_soften_some_sharpen_and_some_are_out_of_focus() -> None:
    stripes = _grey()
    stripes[..., ::2] = 0.6
    shown = np.stack([camera.optics(stripes) for camera in _cameras(60)])
    contrast = (shown[..., ::2].mean((1, 2, 3)) - shown[..., 1::2].mean((1, 2, 3))) / 0.1
    assert contrast.min() < 0.05
    assert contrast.max() > 1.1


def test_half_of_the_pictures_are_compressed_and_the_worst_of_them_badly() -> None:
    picture = np.random.default_rng(5).random((3, 192, 256), np.float32)
    cameras = [camera for camera in _cameras(60) if camera.quality is not None]
    assert 20 < len(cameras) < 40
    worst = min(cameras, key=lambda camera: camera.quality or 100)
    assert np.abs(worst.record(picture, EVERYWHERE) - picture).mean() > 0.05


def test_an_uncompressed_picture_is_recorded_as_it_was_around_the_scene() -> None:
    content = np.zeros((1, 192, 256), np.float32)
    content[:, 40:150, 30:220] = 1.0
    picture = np.random.default_rng(6).random((3, 192, 256), np.float32) * content
    camera = Camera(softness=0.0, defocus=0.0, grain=draw_grain(np.random.default_rng(1)), quality=None)
    shown = camera.record(picture, content)
    assert np.array_equal(shown * (1.0 - content), np.zeros_like(shown))
    assert not np.array_equal(shown, picture)
