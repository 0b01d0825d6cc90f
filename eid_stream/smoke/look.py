"""What one take of smoke looks like: shares of its parts, shapes, motion, and the colour of its airlight."""

from dataclasses import dataclass

import numpy as np

CAMERA_SYSTEMS = ("robotic", "grey", "warm")
"""robotic: bright veil near white; grey: dim, as in Cholec80; warm: golden, dense smoke before a warm scene."""


@dataclass(frozen=True, slots=True)
class SmokeLook:
    """Everything that is drawn at random once per take. Places are fractions of width and height."""

    uniform: float
    """Share of smoke that fills the cavity evenly; the four shares add up to one."""
    gradient: float
    """Share that grows across the picture, as with depth."""
    cloud: float
    """Share in drifting clouds."""
    plume: float
    """Share rising from sources, which are instrument tips."""
    contrast: float
    """Standard deviation of the logarithm of the clouds' density."""
    scale: float
    """Size of the largest swirls in picture widths."""
    velocity: tuple[float, float]
    """Drift of the clouds, picture widths per second."""
    morph_seconds: float
    folding: float
    gradient_angle: float
    sources: tuple[tuple[float, float], ...]
    plume_angle: float
    """Direction in which plumes rise, radians, 0 = right, growing clockwise."""
    plume_speed: float
    """Picture widths per second."""
    plume_spread: float
    """Growth of a plume's half width per length."""
    plume_length: float
    """Length over which a plume thins out, picture widths."""
    burst_seconds: float
    """Period at which sources start and stop."""
    colour: tuple[float, float, float]
    """RGB of the airlight at the brightest place of the light; may exceed 1 where the camera saturates."""
    light: tuple[float, float]
    """Centre of the scope's light."""
    falloff: float
    """Loss of airlight one half diagonal away from the centre of the light."""
    glow: float
    """Gain of airlight where smoke is densest, by multiple scattering."""
    tint: float
    """How far the tissue behind colours the veil, 0 to 1."""
    relief: float
    """How far the scene's depth shows in the veil, 0 to 1: what is near and bright has less smoke before it."""
    headroom: float
    """By how much the brightest highlights exceed white: they outshine smoke as they do in real pictures."""


def draw_look(seed: int, camera: str | None = None) -> SmokeLook:
    """Draw a look; ``camera`` is one of CAMERA_SYSTEMS, None draws that too. Ranges: ``docs/smoke.md``.

    Raises:
        ValueError: unknown camera system.
    """
    rng = np.random.default_rng([seed, 0x100C])
    drawn = str(rng.choice(CAMERA_SYSTEMS, p=(0.45, 0.4, 0.15)))
    camera = camera or drawn
    if camera not in CAMERA_SYSTEMS:
        raise ValueError(f"unknown camera system {camera!r}, known are {', '.join(CAMERA_SYSTEMS)}")
    uniform, gradient, cloud, plume = _draw_shares(rng)
    direction = rng.uniform(-np.pi, np.pi)
    speed = float(np.exp(rng.uniform(np.log(0.02), np.log(0.35))))
    # One take in five comes in separate puffs with clear sight between them, the others in veils.
    puffs = rng.random() < 0.2
    return SmokeLook(
        uniform=uniform,
        gradient=gradient,
        cloud=cloud,
        plume=plume,
        contrast=rng.uniform(0.9, 1.7) if puffs else rng.uniform(0.3, 1.0),
        scale=rng.uniform(0.5, 0.9) if puffs else rng.uniform(0.5, 1.6),
        velocity=(speed * float(np.cos(direction)), speed * float(np.sin(direction))),
        morph_seconds=rng.uniform(0.8, 5.0),
        folding=rng.uniform(0.05, 0.28),
        gradient_angle=rng.uniform(-np.pi, np.pi),
        sources=_draw_sources(rng),
        plume_angle=rng.uniform(-np.pi, np.pi),
        plume_speed=rng.uniform(0.1, 0.6),
        plume_spread=rng.uniform(0.15, 0.6),
        plume_length=rng.uniform(0.2, 0.9),
        burst_seconds=rng.uniform(2.0, 10.0),
        colour=_draw_colour(rng, camera),
        light=(rng.normal(0.5, 0.13), rng.normal(0.48, 0.13)),
        falloff=rng.uniform(0.0, 0.45) if camera == "robotic" else rng.uniform(0.25, 0.85),
        glow=rng.uniform(0.0, 0.25),
        tint=rng.uniform(0.0, 0.5) if camera != "warm" else rng.uniform(0.3, 0.9),
        relief=rng.uniform(0.0, 0.9),
        headroom=rng.uniform(0.0, 2.5),
    )


def _draw_shares(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Random mixtures: some takes are nearly all one kind, most are blends."""
    shares = rng.dirichlet((0.8, 0.5, 0.9, 0.6))
    return float(shares[0]), float(shares[1]), float(shares[2]), float(shares[3])


def _draw_sources(rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    count = int(rng.choice((1, 2), p=(0.75, 0.25)))
    return tuple((rng.uniform(0.15, 0.85), rng.uniform(0.2, 0.9)) for _ in range(count))


def _draw_colour(rng: np.random.Generator, camera: str) -> tuple[float, float, float]:
    """Airlight by camera system, RGB; white balance scatters around the system's own cast."""
    brightness, least_red, red_spread, blue = {
        "robotic": (rng.uniform(0.6, 1.1), 1.00, 0.09, rng.normal(1.03, 0.11)),
        "grey": (rng.uniform(0.38, 0.68), 1.03, 0.12, rng.normal(1.13, 0.12)),
        "warm": (rng.uniform(0.32, 0.85), 1.15, 0.15, rng.normal(0.65, 0.12)),
    }[camera]
    red = least_red + abs(rng.normal(0.0, red_spread))
    return float(brightness * red), float(brightness), float(brightness * blue)
