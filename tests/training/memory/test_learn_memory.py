"""The memory's network, learned from a handful of lessons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eid_stream.core.errors import ConfigError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.memory.memory_network import MemoryNetwork as Runtime
from eid_stream.dehazing.memory.network_input import maps_by_cell
from eid_stream.dehazing.memory.remembered_scene import RememberedScene
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, measure
from tests.dehazing.memory.test_scene_memory import BLIND, thumbnail, tissue, veiled
from training.memory.judgement import judged
from training.memory.learn_memory import prepare, save
from training.memory.learning import batch_of, error_of, learn, registered
from training.memory.lessons import Lesson, lesson
from training.memory.network import MemoryNetwork, cleared
from training.memory.observed_views import ObservedView


def observed(seed: int, opacity: float) -> ObservedView:
    seen, truth = (measure(thumbnail(veiled(tissue(seed), each))) for each in (opacity, 0.0))
    engine = np.array(maps_by_cell(BLIND.values), np.float32)
    return ObservedView(seen, engine, np.full((12, 16), opacity, np.float32), truth)


def lessons(count: int = 24) -> list[Lesson]:
    """Scenes of their own past, every second one through even smoke."""
    made = []
    for number in range(count):
        past = RememberedScene()
        past.add(observed(number, 0.0).statistics, 0.0, 0.0, seconds=2.0, time_constant_seconds=12.0)
        now = observed(number, 0.4 * (number % 2))
        made.append(lesson("camera", "own", now, past.expectation(now.statistics)))
    return made


def test_what_was_learned_removes_smoke_and_leaves_alone_what_is_clear() -> None:
    torch.manual_seed(0)
    learned = learn(lessons(), steps=120, seed=0)
    with torch.no_grad():
        before, after = (error_of(each, batch_of(lessons()[1::2])) for each in (None, learned))
        clear = error_of(learned, batch_of(lessons()[::2]))
    assert float(after.mean()) < 0.1 * float(before.mean())
    assert float(clear.max()) < 1e-4
    assert "medium" in judged(learned, lessons()) or "dense" in judged(learned, lessons())


def test_the_runtime_answers_and_corrects_as_the_torch_network_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = MemoryNetwork()
    for weight in network.parameters():
        weight.data += 0.05 * torch.randn_like(weight)
    save(network, tmp_path / "weights.npz")
    with np.load(tmp_path / "weights.npz") as arrays:
        runtime = Runtime({name: arrays[name] for name in arrays.files})
    one = lessons(2)[1]
    batch = batch_of([one])
    with torch.no_grad():
        cells, whole = network(batch.shown)
        now = batch.engine, batch.seen[:, :3], batch.seen[:, 3:], batch.smoke[:, 1]
        theirs = cleared(cells, whole, *now, registered(batch.shown))
    everywhere = np.ones((48, 64), bool)
    nothing = np.zeros((3, 48, 64), np.float32), np.zeros((96, 128), np.uint8)
    view = SceneStatistics(one.seen[:3], one.seen[3:], one.smoke[1], everywhere, everywhere, 0.3, *nothing)
    answer = runtime.answer(one.shown.astype(np.float32), view.content)
    kept = registered(batch.shown)[0].numpy()
    past = replace(view, mean=view.mean + kept[:3] / np.maximum(kept[3], np.float32(1e-6)), content=kept[3])
    ours = view.corrected(HazeMaps(answer.maps(one.engine, view, past), 0.0))
    np.testing.assert_allclose(ours.mean, theirs.mean[0].numpy(), atol=3e-3)  # maps lie between cells
    np.testing.assert_allclose(np.sqrt(ours.variance), theirs.deviation[0].numpy(), atol=3e-3)
    assert answer.foreign == pytest.approx(float(torch.sigmoid(whole[0, 5])), abs=1e-4)


def test_a_list_without_clear_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Clear frames"):
        prepare(tmp_path, [], passes=1, seed=0, workers=1)
