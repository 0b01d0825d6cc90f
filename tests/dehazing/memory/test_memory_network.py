"""The file with what the memory has learned."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.errors import EngineLoadError
from eid_stream.dehazing.memory import memory_network
from eid_stream.dehazing.memory.memory_network import learned_network, read_network
from eid_stream.dehazing.memory.scene_memory import SceneMemory


@pytest.mark.parametrize("damage", ["missing", "empty", "cut short", "another archive"])
def test_a_damaged_file_is_told_in_one_sentence_before_the_first_frame(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = files("eid_stream").joinpath("weights", "scene_memory.npz").read_bytes()
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / "scene_memory.npz"
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut short": whole[:100_000], "another archive": b"PK\5\6" + bytes(18)}[damage])
    monkeypatch.setattr(memory_network, "files", lambda _: tmp_path)
    learned_network.cache_clear()
    try:
        with pytest.raises(EngineLoadError, match="Install eid-stream again"):
            SceneMemory()
    finally:
        learned_network.cache_clear()


def test_nothing_pickled_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", np.array([print], object))
    with pytest.raises(ValueError, match="pickle"):
        read_network((tmp_path / "evil.npz").read_bytes())
