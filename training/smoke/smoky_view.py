"""A clear view seen through smoke, and its truth: how training renders smoke.

I = s J' + A (1 - t) with s <= t: what lies behind smoke is darker, greyer with noise and blurred beside what the clear
view shows, since light passes smoke on its way there, too, and some of it goes astray. The truth stays bright (as in
RIDCP, Wu et al. 2023, and CORUN, Fang et al. 2024). The camera's exposure reacts to the veil.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.camera import Camera, draw_camera, draw_grain
from training.data.views import View
from training.network.student import STRIDE
from training.smoke.veil_bank import Take

Array = NDArray[np.float32]
DARKENED_SHARE = 0.5
"""Share of pictures in which the scene behind smoke is darker than in the truth, and noisy."""
PASSES = (1.0, 2.0)
"""Power of the transmission by which it is: light that reaches the tissue through the smoke passes it twice."""
DARKER_TONES = (1.0, 2.0)
"""Gamma of what lies behind smoke that hides all of it."""
NOISE_BEHIND = 0.03
"""Largest standard deviation of noise there."""
LINEAR_SHARE = 0.15
"""Share of pictures whose smoke is added in (nearly) linear light; in the rest it is added to code values."""
ASTRAY = (-0.7, 1.0)
"""Range of the share of forward-scattered light, none below zero: a blur must not be what smoke is told by."""
REACTING_SHARE = 0.4
"""Share of pictures in which the camera takes back exposure for the veil's light, scene and veil alike."""
LEAST_LIGHT = 0.85
"""Airlight relative to the scene's mean, at least: lit smoke is no darker than the tissue that it is seen before."""


@dataclass(frozen=True, slots=True, eq=False)
class SmokyView:
    """A view through smoke as a camera records it, and what it should look like; RGB (3, h, w) in [0, 1]."""

    hazy: Array
    clear: Array
    """With the exposure that the camera chose for the smoky one."""
    content: Array
    """(1, h, w), 0 or 1."""
    veil: Array
    """(4, h / 8, w / 8): opacity 1 - s of what lies behind, and the RGB airlight that goes with it in the model of
    ``maps_of``."""
    known: bool
    """Whether that holds: smoke was added to code values."""


def smoky_view(
    view: View,
    take: Take,
    rng: np.random.Generator,
    camera: Camera | None = None,
    *,
    darkened: float = DARKENED_SHARE,
) -> SmokyView:
    """Show a view through the first moment of a take of smoke, as ``camera`` or else a random one records it.

    ``darkened``: as ``DARKENED_SHARE``.
    """
    camera = camera or draw_camera(rng)
    clear, content = camera.optics(view.rgb), view.content
    transmission = np.where(content[0] > 0, take.transmission[0] ** _relative_depth(clear, content, take.relief), 1.0)
    transmission = transmission.astype(np.float32)
    airlight = _light_up(take.airlight[0], clear, content) * _tissue_tint(clear, take.tint)
    linear = rng.random() < LINEAR_SHARE
    exposure = _reaction(clear, transmission, airlight, rng)
    lit = _with_headroom(clear, take.headroom, transmission)
    behind, passing = _behind(lit, transmission, rng, darkened)
    hazy = _mix(behind * exposure, airlight * exposure, passing, transmission, linear=linear)
    clear = np.clip(clear * exposure, 0.0, 1.0)
    hazy = np.where(transmission < 1.0, np.clip(hazy, 0.0, 1.0), clear)
    veil = _veil_of(passing, transmission, airlight * exposure)
    return SmokyView(camera.record(hazy, content), clear, content, veil, known=not linear)


def clear_view(view: View, rng: np.random.Generator) -> View:
    """A view without smoke as a random camera records it."""
    camera = draw_camera(rng)
    return View(camera.record(camera.optics(view.rgb).clip(0.0, 1.0), view.content), view.content)


def _behind(clear: Array, transmission: Array, rng: np.random.Generator, darkened: float) -> tuple[Array, Array]:
    """The scene behind smoke, and what of its light passes (h, w)."""
    hidden = np.float32(1.0) - transmission
    astray = max(0.0, float(rng.uniform(*ASTRAY)))
    if astray:
        small = cv2.resize(clear.transpose(1, 2, 0), None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
        blurred = cv2.resize(small, clear.shape[:0:-1], interpolation=cv2.INTER_LINEAR).transpose(2, 0, 1)
        clear = clear + np.float32(astray) * hidden**2 * (blurred - clear)
    if rng.random() >= darkened:
        return clear, transmission
    tone = 1.0 + np.float32(rng.uniform(*DARKER_TONES) - 1.0) * hidden
    noise = draw_grain(rng, NOISE_BEHIND)[:, : hidden.shape[0], : hidden.shape[1]] * hidden
    passing = transmission ** np.float32(rng.uniform(*PASSES))
    return np.maximum(clear, 0.0) ** tone + noise, passing


def _mix(scene: Array, airlight: Array, passing: Array, transmission: Array, *, linear: bool) -> Array:
    if not linear:
        return scene * passing + airlight * (1.0 - transmission)
    squares = scene * np.abs(scene) * passing + airlight**2 * (1.0 - transmission)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), np.float32)


def _veil_of(passing: Array, transmission: Array, airlight: Array) -> Array:
    """Opacity and airlight by cell: A (1 - t) is what was added, so an opacity of 1 - s needs A (1 - t) / (1 - s)."""
    opacity = 1.0 - passing
    share = (1.0 - transmission) / (opacity + np.float32(1e-4))
    cells = np.concatenate([opacity[None], airlight * share]).astype(np.float32).transpose(1, 2, 0)
    size = cells.shape[1] // STRIDE, cells.shape[0] // STRIDE
    return np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_AREA), np.float32).transpose(2, 0, 1)


def _reaction(clear: Array, transmission: Array, airlight: Array, rng: np.random.Generator) -> np.float32:
    """Exposure by which the camera answers the veil: at most so that the picture is as bright as without it."""
    if rng.random() >= REACTING_SHARE:
        return np.float32(1.0)
    hazy = float((clear * transmission + airlight * (1.0 - transmission)).mean())
    wanted = float(clear.mean()) / max(hazy, 1e-3)
    return np.float32(np.clip(wanted ** rng.random(), 0.5, 1.0))


def _light_up(airlight: Array, clear: Array, content: Array) -> Array:
    scene = float((clear.mean(0) * content[0]).sum() / (content.sum() + 1.0))
    return airlight * np.float32(max(1.0, LEAST_LIGHT * scene / max(float(airlight.mean()), 0.05)))


def _tissue_tint(clear: Array, tint: float) -> Array:
    """Colour of the light that tissue throws back, relative to its mean, very smooth: (3, h, w)."""
    small = cv2.resize(clear.transpose(1, 2, 0), (16, 12), interpolation=cv2.INTER_AREA)
    small = cv2.blur(small, (5, 5)) + np.float32(0.1)
    colour = 1.0 + np.float32(tint) * (small / small.mean(2, keepdims=True) - 1.0)
    return np.asarray(cv2.resize(colour, clear.shape[:0:-1], interpolation=cv2.INTER_LINEAR)).transpose(2, 0, 1)


def _relative_depth(clear: Array, content: Array, relief: float) -> Array:
    """Depth of the scene relative to its middle, (h, w): what is bright is near, as light falls off."""
    luma = cv2.resize(clear.mean(0), (32, 24), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(content[0], (32, 24), interpolation=cv2.INTER_AREA)
    luma = cv2.blur(luma, (3, 3)) + np.float32(0.05)
    mean = (luma * inside).sum() / (inside.sum() + 1e-3)
    depth = np.clip(1.0 + relief * (np.sqrt(mean / luma) - 1.0), 0.4, 1.8).astype(np.float32)
    return np.asarray(cv2.resize(depth, clear.shape[:0:-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _with_headroom(clear: Array, headroom: float, transmission: Array) -> Array:
    """The clear view with highlights behind smoke as bright as they are, not as the sensor clips them."""
    excess = np.maximum(clear.min(0) - np.float32(0.75), 0.0) * np.float32(4.0)
    behind = np.minimum(4.0 * (1.0 - transmission), 1.0)
    return np.asarray(clear * (1.0 + behind * np.float32(headroom) * excess * excess), np.float32)
