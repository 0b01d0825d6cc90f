"""What real smoke hides, told by clear frames of the same camera: here by smoke whose opacity is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.conftest import scene
from training.data.clear_looks import ClearLooks
from training.data.picture_cache import Picture, make_picture
from training.data.views import Pose
from training.student.haze_labels import HazeLabels

Field = NDArray[np.float32]


def _clear(number: int) -> Field:
    return scene("clear", 5 * number)


def _through(smoke: Field | float, picture: Field) -> Field:
    return np.asarray(picture * (1.0 - smoke) + 0.85 * smoke, np.float32)


@pytest.fixture(scope="module")
def camera() -> list[Picture]:
    """Clear frames of a camera in several exposures."""
    return [make_picture(_clear(n) * np.float32(0.7 + 0.02 * n), source="a") for n in range(16)]


@pytest.fixture(scope="module")
def looks(camera: list[Picture]) -> ClearLooks:
    return ClearLooks(camera)


def test_denser_smoke_gets_a_denser_label(looks: ClearLooks) -> None:
    found = [
        looks.label(make_picture(_through(float(density), _clear(3)), source="a", kind="hazy")).opacity.mean()
        for density in (0.2, 0.4, 0.6)
    ]
    assert found[0] > 0.08
    assert found[0] < found[1] < found[2]
    assert found == pytest.approx([0.2, 0.4, 0.6], abs=0.15)


def test_smoke_on_one_side_is_labelled_on_that_side(looks: ClearLooks) -> None:
    beside = np.repeat(np.linspace(0.6, 0.0, 128, dtype=np.float32)[None, :, None], 96, axis=0)
    opacity = looks.label(make_picture(_through(beside, _clear(2)), source="a", kind="hazy")).opacity
    assert opacity[:, :72].mean() > opacity[:, -72:].mean() + 0.05


def test_a_frame_like_the_clear_ones_gets_none(looks: ClearLooks, camera: list[Picture]) -> None:
    label = looks.label(camera[4])
    assert label.opacity.mean() < 0.05


def test_white_things_are_not_believed_to_be_smoke(looks: ClearLooks) -> None:
    picture = _through(0.3, _clear(1))
    picture[30:66, 40:88] = 0.97
    trust = looks.label(make_picture(picture, source="a", kind="hazy")).trust
    assert trust[trust.shape[0] // 2, trust.shape[1] // 2] == 0.0
    assert trust[4, 4] == 1.0


def test_a_camera_without_clear_frames_is_compared_to_all(looks: ClearLooks) -> None:
    smoky = make_picture(_through(0.4, _clear(3)), source="never seen", kind="hazy")
    assert looks.label(smoky).opacity.mean() > 0.1


def test_a_label_turns_with_the_view_and_keeps_to_itself_when_colours_change(camera: list[Picture]) -> None:
    beside = np.repeat(np.linspace(0.6, 0.0, 128, dtype=np.float32)[None, :, None], 96, axis=0)
    smoky = make_picture(_through(beside, _clear(2)), source="a", kind="hazy")
    labels, box = HazeLabels(camera), (0, 0, smoky.rgb.shape[1], smoky.rgb.shape[0])
    upright, mirrored = labels.of(smoky, Pose(box)), labels.of(smoky, Pose(box, mirrored=True))
    np.testing.assert_allclose(mirrored[..., ::-1], upright, atol=1e-6)
    darker = np.full((1, 256, 3), 40, np.uint8)
    np.testing.assert_array_equal(labels.of(smoky, Pose(box, curves=darker, mix=np.eye(3))), upright)
    assert labels.of(smoky, Pose(box, shrink=2)).shape == (2, 12, 16)
