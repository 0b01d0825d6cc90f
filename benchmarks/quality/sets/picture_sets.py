"""What quality is measured on: real pairs, rendered smoke, hazy and clear frames, clips."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pictures import JPEG_COLOUR, Picture, Rgb, frame_of, rgb_of
from benchmarks.quality.sets.clips import read_clip
from eid_stream.core.errors import ConfigError
from eid_stream.smoke import Smoke
from eid_stream.sources.phantom.phantom_source import PhantomSource
from training.data.clip_moments import find_moments
from training.data.clip_pairs import brought_along
from training.data.frames import FrameRecord, load_rgb, read_frame_list
from training.data.haze_score import haze_score, kind_of
from training.data.picture_cache import make_picture
from training.student.train_student import WITNESS_CLIPS

DENSITIES = {"thin": 0.2, "medium": 0.4, "dense": 0.65}
"""Mean of 1 - t over the picture, for rendered smoke."""
SMOKY_CLIPS = ("smoke_480p60", "wisps_1080p25", "smoke_cuts_256p33", "cholec80_288", "cholec80_295")
"""Clips of which means are told; those of the web are told one by one."""
WEB_CLIPS = {"web_b_blue_haze_320p25": 250, "web_b_thin_320p25": 250, "web_c_haze_320p60": 750}
"""And how many frames they have."""
SMOKE_SEED = 20261121
FRAMES_PER_SOURCE = 8
MOMENTS_PER_CLIP = 16
PAIR_FRAMES = 145
PAIR_FIRST_SMOKE = 50
"""Before it both files show the same picture; there the input is perfect and would rule the mean."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture to be cleared."""

    picture: Picture
    source: str
    """Camera system or clip."""
    truth: Rgb | None = None
    witnessed: NDArray[np.bool_] | None = None
    """Where ``truth`` is a view of the same place through less smoke; None: it is the truth everywhere."""
    follows: bool = False
    """True: the next moment of the same clip; False: memory must be reset first."""
    scored: bool = True
    """False: it only goes before one that is."""
    shown: bool = False
    """Whether the set's sheet shows it, besides those that ``PictureSet.sheet_shots`` names."""
    phase: str = ""
    """Of a clip in which smoke comes and goes: ``smoke``, ``clear``, or neither."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    """Pictures of one kind, and what is measured on them."""

    name: str
    measures: frozenset[str]
    """Some of ``truth``, ``witness``, ``blind``, ``identity``, ``flicker``, ``moving``, ``touched``, ``jumps``."""
    shots: Callable[[], Iterator[Shot]]
    score_every: int = 1
    """Every how many shots single pictures are scored; all of them are cleared."""
    flicker_every: int = 1
    """Shots between the two moments that flicker compares."""
    sheet_shots: tuple[int, ...] = ()
    """Which shots are shown on the set's sheet."""


def pair_set(data: Path, limit: int | None = None) -> PictureSet:
    """The smoky part of the fluid-simulated pair clip; 5 frames a second are no video, so each stands alone."""
    clips = data / "clips"
    stride = 1 if limit is None else max(1, (PAIR_FRAMES - PAIR_FIRST_SMOKE) // limit)

    def shots() -> Iterator[Shot]:
        hazy, clear = (read_clip(clips / f"pair_{kind}_480p5.mp4") for kind in ("smoke", "clear"))
        for smoky, truth in islice(zip(hazy, clear, strict=True), PAIR_FIRST_SMOKE, PAIR_FRAMES, stride):
            yield Shot(Picture.of(smoky), "pair", rgb_of(truth))

    return PictureSet(
        "pair", frozenset({"truth"}), shots, sheet_shots=_lines((PAIR_FRAMES - PAIR_FIRST_SMOKE) // stride)
    )


def phantom_set(limit: int | None = None) -> PictureSet:
    """The synthetic operation: video with a truth. Smooth painted tissue, so figures are higher than on real video."""

    def shots() -> Iterator[Shot]:
        with closing(PhantomSource(f"phantom:?size=960x540&seed=3&smoke=0.45&frames={limit or 100}")) as source:
            for frame in source:
                truth = replace(frame, planes=source.truth(frame.pts))
                yield Shot(Picture.of(frame), "phantom", rgb_of(truth), follows=frame.index > 0)

    return PictureSet("phantom", frozenset({"truth", "flicker"}), shots, score_every=5, sheet_shots=(5, 50, 95))


def rendered_sets(data: Path, limit: int | None = None, sources: Sequence[str] = ()) -> list[PictureSet]:
    """Rendered smoke over clear frames, three densities, the same takes for everyone; ``sources`` as in records_of."""
    records = list(enumerate(balanced(records_of(data, "clear", sources), FRAMES_PER_SOURCE)))
    records = spread(records, limit)

    def shots(density: float) -> Iterator[Shot]:
        for number, record in records:
            clear = _even(load_rgb(record.path))
            height, width = clear.shape[:2]
            smoke = Smoke(seed=SMOKE_SEED + number, width=width, height=height, density=density)
            hazy = smoke.render(clear, seconds=1.0).hazy
            yield Shot(Picture.of(frame_of(hazy)), record.source, rgb_of(frame_of(clear)))

    return [
        PictureSet(f"rendered_{name}", frozenset({"truth"}), partial(shots, density), sheet_shots=_lines(len(records)))
        for name, density in DENSITIES.items()
    ]


def moments_set(data: Path, limit: int | None = None) -> PictureSet:
    """Real smoke with a witness: moments of clips, aligned with a view of the same scene that counts as clear.

    256x192 pixels. Views that are merely clearer are left out: they hold haze, and would punish whoever clears it.
    """

    def shots() -> Iterator[Shot]:
        for path in (data / "clips" / name for name in WITNESS_CLIPS):
            witnessed = [moment for moment in find_moments(path) if _is_clear(moment[1])]
            for hazier, clearer, way, valid in spread(witnessed, MOMENTS_PER_CLIP):
                yield Shot(Picture.of(frame_of(hazier)), path.stem, brought_along(clearer, way), valid > 0)

    count = 100 if limit is None else limit
    return PictureSet("moments", frozenset({"witness"}), shots, sheet_shots=_lines(count))


def _is_clear(rgb: Rgb) -> bool:
    return kind_of(haze_score(make_picture(rgb.astype(np.float32) / np.float32(255.0)))) == "clear"


def hazy_set(data: Path, limit: int | None = None, sources: Sequence[str] = ()) -> PictureSet:
    """Real hazy frames, without a truth; ``sources`` as in records_of."""
    return _frame_set("hazy", spread(records_of(data, "hazy", sources), limit), "blind")


def clear_set(data: Path, limit: int | None = None, sources: Sequence[str] = ()) -> PictureSet:
    """Real clear frames: what comes out should be what went in; ``sources`` as in records_of."""
    return _frame_set("clear", spread(records_of(data, "clear", sources), limit), "identity")


def frame_shot(record: FrameRecord) -> Shot:
    """One frame of the list, as the camera's JPEG has it."""
    return Shot(Picture.of(frame_of(_even(load_rgb(record.path)), colour=JPEG_COLOUR)), record.source)


def _frame_set(name: str, records: list[FrameRecord], measure: str) -> PictureSet:
    def shots() -> Iterator[Shot]:
        yield from map(frame_shot, records)

    return PictureSet(name, frozenset({measure}), shots, sheet_shots=_lines(len(records)))


def _lines(count: int) -> tuple[int, ...]:
    """Six shots of a set, evenly spread."""
    return tuple(count * (2 * part + 1) // 12 for part in range(6))


def spread(entries: list[Entry], limit: int | None) -> list[Entry]:
    """At most ``limit`` entries, evenly spread over the list."""
    if limit is None or limit >= len(entries):
        return entries
    return [entries[place] for place in np.linspace(0, len(entries) - 1, limit).round().astype(int)]


def clip_sets(data: Path) -> list[PictureSet]:
    """Real clips, frame after frame through the whole product; and the bright clip that must stay as it is."""
    clips = data / "clips"
    segments = clips / "cholec80_video01"

    def clip(name: str, paths: list[Path], first: int, last: int, **kind: int) -> PictureSet:
        length = last - first
        return PictureSet(
            name,
            frozenset({"blind", "flicker", "jumps"}),
            partial(_clip_shots, name, paths, first, last, 1),
            score_every=kind["score_every"],
            flicker_every=kind.get("flicker_every", 1),
            sheet_shots=tuple(length * part // 8 for part in (1, 3, 5, 7)),
        )

    bright = clips / "bright_clear_720p30.mp4"
    return [
        clip("smoke_480p60", [clips / "smoke_480p60.mp4"], 80, 440, score_every=20, flicker_every=2),
        clip("wisps_1080p25", [clips / "wisps_1080p25.mp4"], 190, 250, score_every=12),
        clip("smoke_cuts_256p33", [clips / "smoke_cuts_256p33.mp4"], 0, 600, score_every=20),
        clip("cholec80_288", [segments / f"segment_{n}.mp4" for n in range(288, 291)], 0, 375, score_every=15),
        clip("cholec80_295", [segments / f"segment_{n}.mp4" for n in range(295, 301)], 0, 750, score_every=25),
        *(clip(name, [clips / f"{name}.mp4"], 0, last, score_every=25) for name, last in WEB_CLIPS.items()),
        PictureSet(
            "bright_clear_720p30",
            frozenset({"identity", "flicker"}),
            partial(_clip_shots, "bright_clear_720p30", [bright], 0, 735, 3),
            score_every=4,
            sheet_shots=(20, 100, 180),
        ),
    ]


def _clip_shots(name: str, paths: list[Path], first: int, last: int, stride: int) -> Iterator[Shot]:
    for number, frame in enumerate(islice(read_clip(*paths), first, last, stride)):
        yield Shot(Picture.of(frame), name, follows=number > 0)


def records_of(data: Path, kind: str, sources: Sequence[str] = ()) -> list[FrameRecord]:
    """Frames of a kind, in the list's order: those for validation, or all of ``sources``, left out of some training.

    Raises:
        ConfigError: the sources have no frame of that kind.
    """
    records = [record for record in read_frame_list(data) if record.kind == kind]
    if not sources:
        return [record for record in records if record.split == "val"]
    chosen = [record for record in records if record.source in sources]
    if not chosen:
        known = ", ".join(sorted({record.source for record in records}))
        raise ConfigError(f"No {kind} frame comes from {', '.join(sources)}. Choose among: {known}.")
    return chosen


def balanced(records: list[FrameRecord], per_source: int) -> list[FrameRecord]:
    """At most ``per_source`` frames of each source, evenly spread over its list."""
    chosen = []
    for source in sorted({record.source for record in records}):
        chosen += spread([record for record in records if record.source == source], per_source)
    return chosen


def _even(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    return rgb[: rgb.shape[0] & ~1, : rgb.shape[1] & ~1]
