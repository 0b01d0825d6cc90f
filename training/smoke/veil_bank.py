"""Rendered smoke kept for training: computed once, used many times, each time cut, turned and tinted anew."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.thumbnail import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from eid_stream.smoke import Smoke, SmokeLook, draw_look
from training.smoke.fluid_puffs import HEIGHT, WIDTH, simulate_puffs

Array = NDArray[np.float32]
CAMERA_SHARES = {"robotic": 0.5, "grey": 0.35, "warm": 0.15}
"""How often smoke is lit as by each kind of camera system (``eid_stream.smoke.look``)."""
PLUME_SHARE = 0.2
"""Share of takes that are hardly more than a plume, or a puff, at an instrument's tip."""
PLUME_DENSITIES = (0.01, 0.25)
PLUME_LENGTHS = (0.05, 0.6)
"""In picture widths."""
PUFF_SHARE = 0.35
"""Share of draws that show fluid-simulated puffs, most of them in otherwise clear air."""
PUFF_PEAKS = (0.4, 3.0)
"""Optical depth at the densest place of a puff with a core."""
FLAT_PEAKS = (0.25, 1.4)
"""The same of one without."""
FLAT_SHARE = 0.6
"""Share of puffs that are about equally thick up to a crisp rim, as a cotton ball is; the others have dense cores."""
FLATNESS = (1.5, 10.0)
"""How steeply those rise from their rim."""
PUFF_IN_HAZE_SHARE = 0.6
PUFF_HAZE = (0.05, 0.6)
"""Density of the haze around a puff, where there is some."""
PUFF_BRIGHTNESS = (0.6, 1.15)
"""A puff rises towards the scope, whose light falls off with the square: it is brighter than what lies behind."""
BILLOWS = 64
"""How many textures of puffs there are; a simulation is too coarse to show the curls by which smoke is told."""
BILLOW_SIZES = (2.0, 4.0, 8.0, 16.0)
"""Sizes of those curls in thumbnail pixels."""
BILLOW_STRENGTH = 0.6
"""Largest standard deviation of the logarithm of a puff's optical depth by its curls."""
BILLOW_REACH = 4.0
"""By how many thumbnail pixels they move its rim at most."""
VEIL_WIDTH, VEIL_HEIGHT = WIDTH, HEIGHT
_COLUMNS, _ROWS = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)))
STEP_SECONDS = 0.12
"""Time between the two moments of a take."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """The same smoke at moments: transmission (moments, h, w) in (0, 1] and airlight (moments, 3, h, w), RGB."""

    transmission: Array
    airlight: Array
    tint: float
    """How far the tissue behind colours the veil, 0 to 1."""
    relief: float
    """How far the scene's depth shows in the veil, 0 to 1."""
    headroom: float
    """By how much the brightest highlights exceed white."""


class VeilBank:
    """Takes of smoke, ``count`` of veils and half as many of puffs, drawn from ``seed``; 10 to 50 ms each."""

    def __init__(
        self,
        *,
        count: int,
        seed: int,
        densities: tuple[float, float] = (0.1, 0.8),
        puff_share: float = PUFF_SHARE,
    ) -> None:
        rng = np.random.default_rng([seed, 0xBA4C])
        cameras = [_draw_camera(rng) for _ in range(count)]
        seeds = range(seed * 100_003, seed * 100_003 + count)
        self._takes = [_draw_take(rng, *drawn, densities) for drawn in zip(seeds, cameras, strict=True)]
        self.puff_share = puff_share
        wanted = count // 2 if puff_share > 0 else 0
        self._puffs: list[Take] = []
        self._billows = [_billow(rng) for _ in range(BILLOWS)] if wanted else []
        while len(self._puffs) < wanted:
            number = seed * 100_003 + count + len(self._puffs)
            self._puffs += _draw_puffs(rng, number, _draw_camera(rng))

    def draw(self, rng: np.random.Generator, moments: int = 2, shrink: int = 1) -> Take:
        """A random take, cut, turned, thinned or thickened; colour and brightness vary.

        On the thumbnail's canvas, made smaller by ``shrink``.
        """
        pool = self._puffs if self._puffs and rng.random() < self.puff_share else self._takes
        take = pool[int(rng.integers(len(pool)))]
        share = rng.uniform(0.5, 1.0)
        width, height = int(VEIL_WIDTH * share), int(VEIL_HEIGHT * share)
        left = int(rng.integers(0, VEIL_WIDTH - width + 1))
        top = int(rng.integers(0, VEIL_HEIGHT - height + 1))
        turns = (1 if rng.random() < 0.5 else -1), (1 if rng.random() < 0.5 else -1)
        cut = np.s_[:moments, ..., top : top + height, left : left + width]
        transmission = take.transmission[cut][..., :: turns[0], :: turns[1]].astype(np.float32)
        airlight = take.airlight[cut][..., :: turns[0], :: turns[1]].astype(np.float32)
        thickness = np.float32(np.exp(rng.uniform(-0.5, 0.5)))
        brightness = np.exp(rng.normal(0.0, 0.18) + rng.normal(0.0, 0.04, (3, 1, 1))).astype(np.float32)
        transmission = _enlarge(np.power(transmission, thickness), shrink)
        return replace(
            take,
            transmission=self._curled(rng, transmission, shrink) if pool is self._puffs else transmission,
            airlight=_enlarge(airlight * brightness, shrink),
            tint=take.tint * float(rng.random()),
            relief=take.relief * float(rng.random()),
            headroom=take.headroom * float(rng.random()),
        )

    def _curled(self, rng: np.random.Generator, transmission: Array, shrink: int) -> Array:
        """Puffs (moments, h, w) with cottony rims and insides; both moments have the same curls."""
        steps = shrink * rng.choice((1, -1), (3, 2))
        chosen = zip(rng.integers(0, BILLOWS, 3), steps, strict=True)
        across, down, thicker = (self._billows[n][::rows, ::columns] for n, (rows, columns) in chosen)
        reach = np.float32(rng.uniform(0.0, BILLOW_REACH) / shrink)
        strength = np.float32(rng.uniform(0.0, BILLOW_STRENGTH))
        height, width = transmission.shape[1:]
        columns, rows = reach * across + _COLUMNS[:height, :width], reach * down + _ROWS[:height, :width]
        moved = [cv2.remap(t, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for t in transmission]
        curled = [t ** np.exp(strength * np.sqrt(1.0 - t) * thicker) for t in moved]
        return np.asarray(np.stack(curled), np.float32)


def _billow(rng: np.random.Generator) -> Array:
    """Curls of all sizes on the canvas, mean 0 and standard deviation 1: finer ones are fainter."""
    field = np.zeros((THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH), np.float32)
    for size in BILLOW_SIZES:
        layer = cv2.GaussianBlur(rng.standard_normal(field.shape, np.float32), (0, 0), 0.4 * size)
        field += np.abs(layer) * np.float32(size**0.6 / layer.std())
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _draw_camera(rng: np.random.Generator) -> str:
    return str(rng.choice(list(CAMERA_SHARES), p=list(CAMERA_SHARES.values())))


def _draw_take(rng: np.random.Generator, seed: int, camera: str, densities: tuple[float, float]) -> Take:
    look = draw_look(seed, camera)
    if rng.random() < PLUME_SHARE:
        length = float(rng.uniform(*PLUME_LENGTHS))
        look = replace(
            _lit_from_near(rng, look), uniform=0.02, gradient=0.0, cloud=0.05, plume=0.93, plume_length=length
        )
        densities = PLUME_DENSITIES
    density = float(rng.uniform(*densities))
    smoke = Smoke(seed=seed, width=VEIL_WIDTH, height=VEIL_HEIGHT, density=density, look=look)
    return _keep(smoke, *_two_moments(smoke, seed))


def _draw_puffs(rng: np.random.Generator, seed: int, camera: str) -> list[Take]:
    """Takes of one fluid simulation, in clear air or in haze, each in a light of its own."""
    return [_draw_puff(rng, seed + n, camera, depth) for n, depth in enumerate(simulate_puffs(rng))]


def _draw_puff(rng: np.random.Generator, seed: int, camera: str, depth: Array) -> Take:
    look = _lit_from_near(rng, draw_look(seed, camera))
    haze = float(rng.uniform(*PUFF_HAZE)) if rng.random() < PUFF_IN_HAZE_SHARE else 0.0
    smoke = Smoke(seed=seed, width=VEIL_WIDTH, height=VEIL_HEIGHT, density=haze, look=look)
    transmission, airlight = _two_moments(smoke, seed)
    depth = depth / (depth.max() + np.float32(1e-3))
    flat = rng.random() < FLAT_SHARE
    if flat:
        depth = np.tanh(depth * np.float32(np.exp(rng.uniform(*np.log(FLATNESS)))))
    puff = np.exp(-depth * np.float32(np.exp(rng.uniform(*np.log(FLAT_PEAKS if flat else PUFF_PEAKS)))))
    both = transmission * puff
    share = ((1.0 - puff) / (1.0 - both + 1e-3))[:, None]
    lit = share * _light_on_puff(rng, puff) + (1.0 - share) * airlight
    return _keep(smoke, np.maximum(both, np.exp(np.float32(-3.0))), lit)


def _light_on_puff(rng: np.random.Generator, puff: Array) -> Array:
    """Airlight (2, 3, h, w) of a puff of transmission (2, h, w): nearly white; its rim and core differ a little."""
    colour = rng.uniform(*PUFF_BRIGHTNESS) * (1.0 + rng.normal((0.0, 0.0, 0.03), (0.05, 0.0, 0.05)))
    shading = 1.0 + np.float32(rng.uniform(-0.2, 0.3)) * (0.6 - puff)
    return np.asarray(shading[:, None] * colour.astype(np.float32)[:, None, None], np.float32)


def _lit_from_near(rng: np.random.Generator, look: SmokeLook) -> SmokeLook:
    """The look of what rises towards the scope: bright, hardly tinted by tissue, and no deeper where that is far."""
    gain = max(1.0, float(rng.uniform(*PUFF_BRIGHTNESS)) / look.colour[1])
    red, green, blue = (gain * channel for channel in look.colour)
    return replace(look, colour=(red, green, blue), tint=0.3 * look.tint, relief=0.3 * look.relief)


def _two_moments(smoke: Smoke, seed: int) -> tuple[Array, Array]:
    start = (seed % 97) * 0.31
    veils = [smoke.veil(start), smoke.veil(start + STEP_SECONDS)]
    return np.stack([veil.transmission for veil in veils]), np.stack([v.airlight.transpose(2, 0, 1) for v in veils])


def _keep(smoke: Smoke, transmission: Array, airlight: Array) -> Take:
    look = smoke.look
    half = transmission.astype(np.float16), airlight.astype(np.float16)
    return Take(*half, tint=look.tint, relief=look.relief, headroom=look.headroom)  # type: ignore[arg-type]


def _enlarge(fields: Array, shrink: int) -> Array:
    """Resize the last two axes to the canvas."""
    flat = fields.reshape(-1, *fields.shape[-2:])
    width, height = size = THUMBNAIL_WIDTH // shrink, THUMBNAIL_HEIGHT // shrink
    large = [cv2.resize(np.ascontiguousarray(field), size, interpolation=cv2.INTER_LINEAR) for field in flat]
    return np.asarray(np.stack(large), np.float32).reshape(*fields.shape[:-2], height, width)
