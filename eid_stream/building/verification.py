"""Verify an engine against the FP32 reference on every golden thumbnail: maps, density and the corrected picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eid_stream.backends.self_test import CODES_TOLERANCE, MAPS_TOLERANCE, golden_thumbnails
from eid_stream.core.errors import EngineMismatchError
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Planes
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.interfaces import Engine
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.plane_correction import apply_maps

SHARE_TOLERANCE = 0.001
"""Largest share of samples that may be off by more than one code value."""
_LAYOUT, _COLOUR = PIXEL_LAYOUTS["yuv444p"], Colour(full_range=True)


@dataclass(frozen=True, slots=True)
class Row:
    """Agreement on one golden thumbnail; code values of 8 bit full range."""

    thumbnail: str
    maps_difference: float
    density_difference: float
    share_beyond_one_code: float
    largest_codes: int

    @property
    def passed(self) -> bool:
        """Whether every bound is kept."""
        return (
            self.maps_difference <= MAPS_TOLERANCE
            and self.density_difference <= MAPS_TOLERANCE
            and self.share_beyond_one_code <= SHARE_TOLERANCE
            and self.largest_codes <= CODES_TOLERANCE
        )


def compare_engines(engine: Engine, reference: Engine, tell: Callable[[Row], None] | None = None) -> list[Row]:
    """Ask both engines every golden thumbnail and correct the thumbnail itself with both answers.

    Raises:
        EngineMismatchError: an answer must not be applied at all.
    """
    card = reference.card
    rows = []
    for name, thumbnail in golden_thumbnails(card.thumbnail_width, card.thumbnail_height).items():
        row = _row(name, thumbnail, _sound(engine, name, thumbnail), _sound(reference, name, thumbnail))
        rows.append(row)
        if tell is not None:
            tell(row)
    return rows


def require_agreement(rows: list[Row], name: str) -> None:
    """Refuse an engine that is not the reference within the bounds.

    Raises:
        EngineMismatchError: a bound is broken; says which, where and by how much.
    """
    worst = [row for row in rows if not row.passed]
    if worst:
        raise EngineMismatchError(
            f"The {name} engine does not agree with the FP32 reference and is not kept:\n{table(worst)}\n"
            f"Allowed: maps and density {MAPS_TOLERANCE}, beyond one code {SHARE_TOLERANCE:.1%} of samples, "
            f"{CODES_TOLERANCE} codes anywhere. Try --precision fp32."
        )


def table(rows: list[Row]) -> str:
    """Rows for people."""
    lines = [f"{'thumbnail':<12}{'maps off by':>12}{'density':>10}{'> 1 code':>10}{'largest':>9}"]
    for row in rows:
        lines.append(
            f"{row.thumbnail:<12}{row.maps_difference:>12.5f}{row.density_difference:>10.5f}"
            f"{row.share_beyond_one_code:>10.4%}{row.largest_codes:>9}{'' if row.passed else '  FAILED'}"
        )
    return "\n".join(lines)


def _sound(engine: Engine, name: str, thumbnail: Thumbnail) -> HazeMaps:
    engine.reset()
    maps = engine.estimate(thumbnail)
    fault = maps.fault()
    if fault is not None:
        raise EngineMismatchError(f"The {engine.card.backend} engine answers {name!r} with {fault}.")
    return maps


def _row(name: str, thumbnail: Thumbnail, maps: HazeMaps, reference: HazeMaps) -> Row:
    planes = _planes(thumbnail)
    difference = np.abs(_corrected(planes, maps) - _corrected(planes, reference))
    return Row(
        thumbnail=name,
        maps_difference=float(np.abs(maps.values - reference.values).max()),
        density_difference=abs(maps.density - reference.density),
        share_beyond_one_code=float((difference > 1).mean()),
        largest_codes=int(difference.max()),
    )


def _planes(thumbnail: Thumbnail) -> Planes:
    codes = thumbnail.values * 255.0 + np.array([0.0, 128.0, 128.0], np.float32).reshape(3, 1, 1)
    y, cb, cr = np.clip(np.rint(codes), 0, 255).astype(np.uint8)
    return y, cb, cr


def _corrected(planes: Planes, maps: HazeMaps) -> NDArray[np.int16]:
    out = np.empty((3, *planes[0].shape), np.uint8)
    apply_maps(planes, (out[0], out[1], out[2]), maps, _LAYOUT, _COLOUR)
    return out.astype(np.int16)
