"""Unpaired hazy and clear squares: what the EID teacher learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from eid_stream.core.content_area import content_box, content_mask
from eid_stream.core.errors import ConfigError
from training.data.domains import records_to_learn_from
from training.data.frames import FrameRecord, data_folder, load_rgb, read_frames_to_learn_from

Picture = NDArray[np.uint8]
PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
CONTENT_WANTED = 0.995
"""Share of a square that must be scene; after some tries the best square seen is taken."""


class UnpairedBatch:
    """Hazy and clear squares, RGB float32 (batch, 3, side, side) in [0, 1], and one random haze code for each.

    A code is standard normal, (batch, code_length): it tells the haze operator which haze to lay over a clear picture.
    No tuple and no dataclass: Fabric would look into those and round the pictures to bfloat16, by up to 1/512.
    """

    def __init__(self, hazy: Tensor, clear: Tensor, code: Tensor) -> None:
        self.hazy, self.clear, self.code = hazy, clear, code

    def to(self, device: torch.device) -> "UnpairedBatch":
        """The same batch on a device, its pictures laid out channels last, as convolutions like them."""
        hazy, clear = (t.to(device, memory_format=torch.channels_last) for t in (self.hazy, self.clear))
        return UnpairedBatch(hazy, clear, self.code.to(device))


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    source: str
    picture: Picture
    content: NDArray[np.bool_]


def choose_records(hazy: Path | None, clear: Path | None, domain: str | None = None) -> list[FrameRecord]:
    """Frames to learn from: two folders, or a collection of ``domains.csv``, or else the project's frame list.

    Of the last two it is the training split.

    Raises:
        ConfigError: only one of the folders is given, one is empty, or a list is missing.
    """
    if domain is not None:
        return records_to_learn_from(domain)
    if hazy is None and clear is None:
        return [r for r in read_frames_to_learn_from(data_folder()) if r.split == "train"]
    if hazy is None or clear is None:
        raise ConfigError("Only one of --hazy and --clear is given: learning needs a folder of each (unpaired).")
    return list_folder(hazy, "hazy") + list_folder(clear, "clear")


def list_folder(folder: Path, kind: str) -> list[FrameRecord]:
    """All pictures below a folder as frames of one source, for domains without a frame list.

    Raises:
        ConfigError: there is no picture.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    if not paths:
        raise ConfigError(f"No pictures in {folder}: looked for {', '.join(sorted(PICTURE_SUFFIXES))}.")
    return [FrameRecord(path, kind, "folder", str(folder), 0, 0, "train", "as given") for path in paths]


class UnpairedFrames:
    """Draws batches of squares; the batch of a step depends on the seed and the step alone, so a run can be resumed.

    Hazy and clear pools mostly come from different cameras, and a discriminator that sees everything at once learns
    the camera instead of the haze. With ``within_source`` a source is drawn first, then a hazy and a clear frame of it.
    """

    def __init__(
        self,
        records: Sequence[FrameRecord],
        *,
        side: int,
        code_length: int,
        seed: int,
        find_content: bool = True,
        smallest: float = 0.6,
        upright: bool = False,
    ) -> None:
        """``upright`` squares are mirrored, but never turned."""
        self.side = side
        self.find_content = find_content
        self._code_length = code_length
        self._seed = seed
        self._smallest = smallest
        self._turns = 1 if upright else 4
        self.licences = sorted({r.licence for r in records})
        stored = {
            kind: [_store(r, side, find_content) for r in records if r.kind == kind] for kind in ("hazy", "clear")
        }
        if not (stored["hazy"] and stored["clear"]):
            raise ConfigError("Learning needs hazy and clear frames (unpaired): one of the two is missing.")
        self._pools = {kind: _by_source(frames) for kind, frames in stored.items()}
        self.shared_sources = sorted(set(self._pools["hazy"]) & set(self._pools["clear"]))

    def count(self, kind: str) -> int:
        """Frames of one kind."""
        return sum(len(pool) for pool in self._pools[kind].values())

    @property
    def description(self) -> dict[str, Any]:
        """What a network that learned from these frames has to tell of them."""
        counts = {kind: self.count(kind) for kind in ("hazy", "clear")}
        return {"find_content": self.find_content, "frames": counts, "licences": self.licences}

    def draw(self, size: int, fabric: Fabric, *, within_source: bool = True) -> Callable[[int], UnpairedBatch]:
        """How the batch of a step is drawn by each of Fabric's processes, on its device."""

        def of_step(step: int) -> UnpairedBatch:
            batch = self.batch(
                step, size, within_source=within_source, rank=fabric.global_rank, world_size=fabric.world_size
            )
            return batch.to(fabric.device)

        return of_step

    def batch(
        self, step: int, size: int, *, within_source: bool = True, rank: int = 0, world_size: int = 1
    ) -> UnpairedBatch:
        """Draw the batch of a step; of ``world_size`` processes each gets its own, equal share of one global batch."""
        rng = np.random.default_rng((self._seed, step))
        hazy, clear, codes = [], [], []
        for _ in range(size):
            hazy_source, clear_source = self._draw_sources(rng, within_source)
            hazy.append(self._square(rng, self._pools["hazy"][hazy_source]))
            clear.append(self._square(rng, self._pools["clear"][clear_source]))
            codes.append(rng.standard_normal(self._code_length, np.float32))
        share = slice(rank, None, world_size)
        return UnpairedBatch(_tensor(hazy[share]), _tensor(clear[share]), torch.from_numpy(np.stack(codes[share])))

    def _draw_sources(self, rng: np.random.Generator, within_source: bool) -> tuple[str, str]:
        if within_source and self.shared_sources:
            source = _draw_source(rng, {name: self._pools["hazy"][name] for name in self.shared_sources})
            return source, source
        return _draw_source(rng, self._pools["hazy"]), _draw_source(rng, self._pools["clear"])

    def _square(self, rng: np.random.Generator, pool: list[_Stored]) -> NDArray[np.float32]:
        stored = pool[rng.integers(len(pool))]
        left, top, side = _find_square(rng, stored.content, self._smallest)
        cut = stored.picture[top : top + side, left : left + side].astype(np.float32) / np.float32(255.0)
        square = cv2.resize(cut, (self.side, self.side), interpolation=cv2.INTER_AREA)
        turned = np.rot90(square, int(rng.integers(self._turns)))
        return np.ascontiguousarray(turned[:, ::-1] if rng.integers(2) else turned, np.float32)


def _store(record: FrameRecord, side: int, find_content: bool) -> _Stored:
    rgb = load_rgb(record.path)
    if find_content:
        left, top, width, height = content_box(rgb @ LUMA)
        rgb = rgb[top : top + height, left : left + width]
    scale = 1.5 * side / min(rgb.shape[:2])
    size = (max(side, round(rgb.shape[1] * scale)), max(side, round(rgb.shape[0] * scale)))
    rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.float32)
    content = content_mask(rgb @ LUMA) if find_content else np.ones(rgb.shape[:2], np.bool_)
    return _Stored(record.source, np.rint(rgb.clip(0, 1) * 255).astype(np.uint8), content)


def _by_source(frames: list[_Stored]) -> dict[str, list[_Stored]]:
    return {source: [f for f in frames if f.source == source] for source in sorted({f.source for f in frames})}


def _draw_source(rng: np.random.Generator, pools: dict[str, list[_Stored]]) -> str:
    # The square root keeps large sources from drowning small ones without repeating a few frames for ever.
    weights = np.sqrt([len(pool) for pool in pools.values()])
    return str(rng.choice(list(pools), p=weights / weights.sum()))


def _find_square(rng: np.random.Generator, content: NDArray[np.bool_], smallest: float) -> tuple[int, int, int]:
    height, width = content.shape
    best, best_share = (0, 0, min(height, width)), -1.0
    for attempt in range(12):
        largest = 1.0 - attempt / 11 * (1.0 - smallest)
        side = round(min(height, width) * rng.uniform(smallest, largest))
        left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
        share = float(content[top : top + side : 4, left : left + side : 4].mean())
        if share > best_share:
            best, best_share = (left, top, side), share
        if share >= CONTENT_WANTED:
            break
    return best


def _tensor(squares: list[NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).contiguous()
