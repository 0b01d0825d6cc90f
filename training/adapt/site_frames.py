"""A site's recordings as frames to learn from, sorted by the student and by each recording itself.

No frame is labelled by hand, so both must agree: a frame is hazy where the student sees haze and the picture is paler
than its recording's clearest moments, clear where neither says so, and unused otherwise.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import ConfigError, SourceReadError
from eid_stream.core.interfaces import Engine
from training.adapt.engine_sight import density_seen
from training.data.frames import FrameRecord, load_rgb, read_frame_list, write_frame_list
from training.data.haze_score import CLEAR_BELOW, HAZY_ABOVE, haze_score
from training.data.picture_cache import Picture, make_picture
from training.data.sort_frames import PICTURE_ENDINGS, VIDEO_ENDINGS

MOST_FRAMES = 600
"""Frames taken of all recordings together: an hour at one every six seconds."""
NEAREST_SECONDS = 0.5
"""Frames closer than this tell the same."""
KEY_FRAMES_SECONDS = 4.0
"""From this distance on only key frames are decoded, which are there about that often."""
CLEAREST = 0.15
"""Share of a recording's frames by which its clear look is known."""
PALER = 0.3
"""By how much more likely haze must be than in the recording's clear look."""
SEEN, UNSEEN = 0.08, 0.03
"""Density from which the student counts as seeing haze, and up to which it does not."""
ASIDE = 5
"""One recording in so many, or where there are few one part in so many of each, is kept aside to judge by."""
BLOCKS = 20
"""Parts of a recording in its time."""
LEAST_CLEAR, LEAST_HAZY = 24, 8
"""Frames without which nothing is learned; without hazy ones learning goes on with rendered smoke alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One frame of a recording, small, and what is known of it."""

    picture: Picture
    recording: str
    score: float
    """How hazy it looks by dark channel and contrast, in [0, 1]."""
    density: float
    """How much haze the student sees, in [0, 1]."""


def site_frames(recordings: Path, out: Path, engine: Engine) -> list[FrameRecord]:
    """Frames of all recordings below a folder, sorted, split and stored in ``out``; those of an earlier run if there.

    Raises:
        ConfigError: there is no recording, or too few clear frames to learn from.
    """
    if (out / "frames.csv").exists():
        return read_frame_list(out)
    files = sorted(p for p in recordings.rglob("*") if p.suffix.lower() in VIDEO_ENDINGS | PICTURE_ENDINGS)
    if not files:
        raise ConfigError(f"Found no recording in {recordings}. Name the folder that holds them.")
    taken = [frame for path in files for frame in _take(path, recordings, files, engine)]
    kinds = [kind for name in _recordings(taken) for kind in sort_recording([t for t in taken if t.recording == name])]
    records = _store(taken, kinds, out)
    require_enough(records)
    write_frame_list(out, records)
    return records


def sort_recording(taken: Sequence[Taken]) -> list[str]:
    """``clear``, ``hazy`` or ``unclear`` for each frame of one recording."""
    clear_look = float(np.quantile([t.score for t in taken], CLEAREST))
    return [_kind_of(t, clear_look) for t in taken]


def require_enough(records: Sequence[FrameRecord]) -> None:
    """Refuse recordings from which nothing sound could be learned.

    Raises:
        ConfigError: there are too few clear frames: a student would learn to see smoke everywhere.
    """
    clear = {split: sum(r.kind == "clear" and r.split == split for r in records) for split in ("train", "val")}
    if clear["train"] < LEAST_CLEAR or clear["val"] < LEAST_CLEAR // 4:
        raise ConfigError(
            f"Only {sum(clear.values())} clear frames were found in {len(records)}: from smoke alone a student learns "
            f"to see smoke everywhere. Add recordings with clear moments, {LEAST_CLEAR * 2} frames or more."
        )


def digest_of(records: Sequence[FrameRecord]) -> str:
    """SHA-256 over all frames, in order."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.path.read_bytes())
    return digest.hexdigest()


def _kind_of(taken: Taken, clear_look: float) -> str:
    paler = taken.score - clear_look
    if taken.density >= SEEN and (taken.score > HAZY_ABOVE or paler > PALER):
        return "hazy"
    near = taken.score < CLEAR_BELOW or paler < PALER / 2
    return "clear" if taken.density <= UNSEEN and near and taken.score < HAZY_ABOVE else "unclear"


def _take(path: Path, folder: Path, files: Sequence[Path], engine: Engine) -> Iterator[Taken]:
    named = path.relative_to(folder)
    is_video = path.suffix.lower() in VIDEO_ENDINGS
    recording = "_".join((named.with_suffix("") if is_video else named.parent).parts) or folder.name
    share = max(4, MOST_FRAMES // sum(f.suffix.lower() in VIDEO_ENDINGS for f in files)) if is_video else 1
    frames = _frames(path, share) if is_video else iter([load_rgb(path)])
    for rgb in frames:
        picture = make_picture(rgb, source=folder.name)
        yield Taken(picture, recording, haze_score(picture), density_seen(engine, picture))


def _frames(path: Path, most: int) -> Iterator[NDArray[np.float32]]:
    """At most ``most`` frames, RGB in [0, 1], spread over a video."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            seconds = float(container.duration or 0) / av.time_base
            step, wanted = max(NEAREST_SECONDS, seconds / most), 0.0
            if step >= KEY_FRAMES_SECONDS:
                stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                now = float(frame.time or 0.0)
                if now >= wanted:
                    yield frame.to_ndarray(format="rgb24").astype(np.float32) / np.float32(255.0)
                    wanted = now + step
    except (av.FFmpegError, IndexError) as error:
        raise SourceReadError(f"Cannot read {path} as a video: {error}. Remove or replace the file.") from error


def _recordings(taken: Sequence[Taken]) -> list[str]:
    return list(dict.fromkeys(t.recording for t in taken))


def _store(taken: Sequence[Taken], kinds: Sequence[str], out: Path) -> list[FrameRecord]:
    splits = _splits(taken, kinds)
    records = []
    for number, (frame, kind, split) in enumerate(zip(taken, kinds, splits, strict=True)):
        path = out / "frames" / kind / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        codes = cv2.imencode(".jpg", frame.picture.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        path.write_bytes(codes.tobytes())
        height, width = frame.picture.rgb.shape[:2]
        source = frame.picture.source
        records.append(FrameRecord(path, kind, source, frame.recording, width, height, split, "the site's own"))
    return records


def _splits(taken: Sequence[Taken], kinds: Sequence[str]) -> list[str]:
    """By recording where there are enough of them with clear frames, else by parts of each in its time."""
    useful = {t.recording for t, kind in zip(taken, kinds, strict=True) if kind == "clear"}
    names = _recordings(taken)
    if len(useful) >= ASIDE:
        aside = {name for number, name in enumerate(sorted(useful)) if number % ASIDE == ASIDE - 1}
        return ["val" if t.recording in aside else "train" for t in taken]
    splits = []
    for name in names:
        count = sum(t.recording == name for t in taken)
        splits += ["val" if place * BLOCKS // count % ASIDE == ASIDE - 1 else "train" for place in range(count)]
    return splits
