"""Puffs of smoke from a small fluid simulation: crisp, billowing, at an instrument's tip, with clear sight around."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
WIDTH, HEIGHT = 128, 96
"""Cells of the simulation; one step is the time in which a jet crosses about one cell."""
FIRST_SNAPSHOT, STEPS, SNAPSHOT_EVERY = 14, 110, 12
LAG_STEPS = 2
"""Steps between the two moments of a snapshot."""
SLICES = 3
"""Independent flows along the line of sight, summed: a puff is not a flat thing."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A tip that blows smoke: place and radius in cells, velocity in cells a step, and the steps in which it blows."""

    x: float
    y: float
    radius: float
    velocity: tuple[float, float]
    expansion: float
    """How fast its hot gas grows, as a share of its size in a step."""
    starts: int
    blows: int
    pauses: int

    def blows_at(self, step: int) -> bool:
        return step >= self.starts and (step - self.starts) % (self.blows + self.pauses) < self.blows


def simulate_puffs(rng: np.random.Generator) -> Iterator[Array]:
    """Optical depth (2 moments, HEIGHT, WIDTH) of eight snapshots of one simulation, the older moment first.

    A puff is at most a few deep; whoever wants another thickness scales it.

    Incompressible flow with semi-Lagrangian advection and a spectral projection (Stam 1999), buoyancy, and vorticity
    confinement against the smearing of eddies (Fedkiw et al. 2001). The depth's own advection is cubic, which keeps
    edges crisp.
    """
    sources = [_draw_source(rng) for _ in range(int(rng.choice((1, 2), p=(0.7, 0.3))))]
    rise, angle = rng.uniform(0.0, 0.05), rng.uniform(-np.pi, np.pi)
    lift = (rise * float(np.cos(angle)), rise * float(np.sin(angle)))
    flows = [_Flow(rng, lift) for _ in range(SLICES)]
    kept: list[Array] = []
    for step in range(STEPS):
        for flow in flows:
            flow.advance([source for source in sources if source.blows_at(step)])
        depth = np.sum([flow.depth for flow in flows], axis=0) / np.float32(SLICES)
        kept = [*kept[-LAG_STEPS:], np.asarray(depth, np.float32)]
        if step >= FIRST_SNAPSHOT and step % SNAPSHOT_EVERY == 0:
            yield np.stack([kept[0], kept[-1]])


class _Flow:
    """Air and smoke in one slice: velocity (2, HEIGHT, WIDTH) in cells a step, and the smoke's optical depth."""

    def __init__(self, rng: np.random.Generator, lift: tuple[float, float]) -> None:
        self._rng = rng
        self._grid = np.stack(np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32)))
        self._lift = np.array(lift, np.float32)[:, None, None]
        self._curl, self._fading = np.float32(rng.uniform(0.1, 0.4)), np.float32(rng.uniform(0.97, 0.998))
        coarse = rng.normal(0.0, rng.uniform(0.05, 0.4), (2, 5, 6)).astype(np.float32)
        self._velocity = np.stack([cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for part in coarse])
        self.depth: Array = np.zeros((HEIGHT, WIDTH), np.float32)

    def advance(self, sources: Sequence[_Source]) -> None:
        """One step, in which ``sources`` blow."""
        spreading = np.zeros_like(self._velocity)
        for source in sources:
            spreading += self._blow(source)
        self._velocity += self._lift * self.depth + self._curl * _confinement(self._velocity)
        self._velocity = _without_divergence(self._velocity)
        places = self._grid - self._velocity - spreading
        self._velocity = np.stack([_carry(part, places, cv2.INTER_LINEAR) for part in self._velocity])
        self.depth = np.maximum(_carry(self.depth, places, cv2.INTER_CUBIC), np.float32(0.0)) * self._fading

    def _blow(self, source: _Source) -> Array:
        """Add a source's smoke and push; returns the velocity with which its hot gas expands."""
        rng = self._rng
        tip = np.array([source.x, source.y]) + rng.normal(0.0, 0.5 * source.radius, 2)
        away = self._grid - tip.astype(np.float32)[:, None, None]
        squared = (away**2).sum(0) / np.float32(source.radius**2)
        near = np.exp(-squared)
        jet = (np.array(source.velocity) * rng.uniform(0.5, 1.5) + rng.normal(0.0, 0.5, 2)).astype(np.float32)
        self._velocity += np.float32(0.3) * near * (jet[:, None, None] - self._velocity)
        self.depth += np.float32(rng.uniform(0.1, 0.4)) * (near > 0.3) * near
        return np.asarray(away * np.float32(source.expansion) / (1.0 + squared), np.float32)


def _draw_source(rng: np.random.Generator) -> _Source:
    angle, speed = rng.uniform(-np.pi, np.pi), rng.uniform(0.3, 1.6)
    return _Source(
        x=rng.uniform(0.2, 0.8) * WIDTH,
        y=rng.uniform(0.2, 0.8) * HEIGHT,
        radius=rng.uniform(2.5, 7.0),
        velocity=(speed * float(np.cos(angle)), speed * float(np.sin(angle))),
        expansion=rng.uniform(0.02, 0.12),
        starts=int(rng.integers(0, 20)),
        blows=int(rng.integers(8, 60)),
        pauses=int(rng.integers(0, 30)),
    )


def _confinement(velocity: Array) -> Array:
    spin = _slope(velocity[1], 1, 0) - _slope(velocity[0], 0, 1)
    strength = np.abs(spin)
    along = np.stack([_slope(strength, 1, 0), _slope(strength, 0, 1)])
    along /= np.sqrt((along**2).sum(0)) + np.float32(1e-4)
    return np.stack([along[1] * spin, -along[0] * spin])


def _slope(field: Array, across: int, down: int) -> Array:
    return np.asarray(cv2.Sobel(field, cv2.CV_32F, across, down, ksize=3, scale=0.125), np.float32)


def _without_divergence(velocity: Array) -> Array:
    """The nearest velocity without sources or sinks; borders are periodic."""
    spectrum = np.fft.rfft2(velocity)
    down, across = np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None, :]
    along = (across * spectrum[0] + down * spectrum[1]) / np.maximum(across**2 + down**2, 1e-12)
    spectrum -= np.stack([across * along, down * along])
    return np.fft.irfft2(spectrum, s=(HEIGHT, WIDTH)).astype(np.float32)


def _carry(field: Array, places: Array, interpolation: int) -> Array:
    moved = cv2.remap(field, places[0], places[1], interpolation, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(moved, np.float32)
