"""Learns the memory's network (``eid_stream.dehazing.memory.memory_network``).

python -m training.memory.learn_memory: some twenty minutes on two quiet CPU cores, from clear frames and clips and
rendered smoke. --leave-out names camera systems that are kept out and judged by, and nothing is then written over what
ships.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from eid_stream.backends.engine_choice import open_engine
from eid_stream.core.errors import ConfigError
from training.command import run_command
from training.data.frames import FrameRecord, data_folder, read_frames_to_learn_from
from training.memory.histories import CLEAR_CLIPS, Histories
from training.memory.judgement import judged
from training.memory.learning import learn
from training.memory.lessons import Lesson, sound
from training.memory.network import DILATIONS, MemoryNetwork
from training.memory.observed_views import Observer
from training.smoke.veil_bank import VeilBank

logger = logging.getLogger(__name__)
SHIPPED = Path(__file__).resolve().parents[2] / "eid_stream" / "weights" / "scene_memory.npz"
VEILS, DENSITIES = 160, (0.05, 0.8)


def main(
    *,
    out: Path = SHIPPED,
    leave_out: tuple[str, ...] = (),
    passes: int = 4,
    steps: int = 9000,
    seed: int = 0,
    workers: int = 2,
) -> None:
    """Write the weights to ``out``; everything follows from ``seed``.

    Args:
        out: the file to write, NumPy's .npz.
        leave_out: camera systems to keep out and judge by.
        passes: how often all videos are looked at, each time through other smoke; but for the first in other poses.
        steps: of learning, 64 lessons each.
        seed: of everything that is drawn.
        workers: processes that prepare lessons; each needs a gigabyte.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    if leave_out and out == SHIPPED:
        raise ConfigError("Weights of a part of the cameras are not what ships; name a file with --out.")
    records = [r for r in read_frames_to_learn_from(data_folder()) if r.split == "train"]
    kept = [r for r in records if r.source not in leave_out]
    lessons = prepare(data_folder(), kept, passes, seed, workers)
    network = learn(lessons, steps, seed)
    _tell("learned from", network, lessons)
    for source in leave_out:
        histories = Histories(_observer(seed + 1), seed + 1)
        unseen = sound(histories.of_frames([r for r in records if r.source == source], posed=False))
        _tell(source, network, unseen)
    save(network, out)
    logger.info("Written to %s.", out)


def prepare(folder: Path, records: Sequence[FrameRecord], passes: int, seed: int, workers: int) -> list[Lesson]:
    """The lessons.

    Raises:
        ConfigError: frames are missing.
    """
    if not any(record.kind == "clear" for record in records):
        raise ConfigError(f"Clear frames are needed to learn from; {folder} names none.")
    make = partial(_lessons_of, folder, records, seed)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return [each for lessons in pool.map(make, range(passes)) for each in lessons]


def _lessons_of(folder: Path, records: Sequence[FrameRecord], seed: int, turn: int) -> list[Lesson]:
    histories = Histories(_observer(seed + 1000 * turn), seed + turn)
    lessons = sound(histories.of_frames(records, posed=turn > 0))
    for name in CLEAR_CLIPS:
        if (folder / "clips" / name).exists():
            lessons += sound(histories.of_clip(folder / "clips" / name, posed=turn > 0))
    print(f"pass {turn + 1}: {len(lessons)} lessons", flush=True)
    return lessons


def _observer(seed: int) -> Observer:
    return Observer(open_engine("onnx"), VeilBank(count=VEILS, seed=seed, densities=DENSITIES), seed)


def _tell(name: str, network: MemoryNetwork, lessons: Sequence[Lesson]) -> None:
    for past in ("own", "foreign"):
        logger.info("%s, %s past: %s", name, past, judged(network, [each for each in lessons if each.past == past]))


def save(network: MemoryNetwork, out: Path) -> None:
    """Write what the runtime needs."""
    np.savez(
        out, dilations=np.array(DILATIONS), **{name: value.numpy() for name, value in network.state_dict().items()}
    )


if __name__ == "__main__":
    run_command(main)
