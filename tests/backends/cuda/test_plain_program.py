"""An exported program is data: whatever was pickled into it stays dead."""

import io
import json
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from eid_stream.backends.cuda.plain_program import load_plain_program
from eid_stream.core.errors import EngineLoadError

torch = pytest.importorskip("torch")


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.fixture(scope="module")
def program() -> bytes:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(torch.nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 8, 8),)), buffer)
    return buffer.getvalue()


def with_entries(program: bytes, change: "dict[str, bytes]") -> bytes:
    """The same archive with other contents for some names, or further ones."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(program)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if name not in change:
                new.writestr(name, old.read(name))
        for name, content in change.items():
            new.writestr(name, content)
    return out.getvalue()


def pickled_weight(program: bytes, bomb: bytes) -> bytes:
    name = "archive/data/weights/model_weights_config.json"
    with zipfile.ZipFile(io.BytesIO(program)) as archive:
        weights = json.loads(archive.read(name))
    for payload in weights["config"].values():
        payload["use_pickle"] = True
    stored = {f"archive/data/weights/{payload['path_name']}": bomb for payload in weights["config"].values()}
    return with_entries(program, stored | {name: json.dumps(weights).encode()})


def pickled_input(program: bytes, bomb: bytes) -> bytes:
    return with_entries(program, {"archive/data/sample_inputs/model.pt": bomb})


def pickled_object(program: bytes, bomb: bytes) -> bytes:
    bomb_entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
    config = {"config": {"bomb": bomb_entry}}
    return with_entries(
        program,
        {
            "archive/data/constants/model_constants_config.json": json.dumps(config).encode(),
            "archive/data/constants/opaque_obj_0": bomb,
        },
    )


def test_a_program_of_numbers_is_loaded(program: bytes) -> None:
    assert load_plain_program(program).module()(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 6, 6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("plant", [pickled_weight, pickled_input, pickled_object])
def test_nothing_pickled_in_a_program_runs(program: bytes, tmp_path: Path, plant: Any) -> None:
    planted, harmless = tmp_path / "planted", tmp_path / "harmless"
    with pytest.raises(EngineLoadError):
        load_plain_program(plant(program, pickle.dumps(Bomb(planted))))
    assert not planted.exists()
    with suppress(Exception):  # what matters is what ran before
        torch.export.load(io.BytesIO(plant(program, pickle.dumps(Bomb(harmless)))))
    assert harmless.exists(), "the plant is a real one: PyTorch by itself runs it"
