from pathlib import Path

import pytest

from eid_stream.core.errors import ConfigError
from training.data.domains import read_domain, records_to_learn_from

LIST = """path,kind,source,scene,split,truth
a/clear/1.jpg,clear,rooms,1,train,
a/hazy/2.jpg,hazy,rooms,2,train,a/clear/2.jpg
a/hazy/3.jpg,hazy,rooms,3,test,a/clear/3.jpg
b/1.jpg,clear,cells,c1,train,
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains" / "domains.csv").write_text(LIST, encoding="utf-8")
    monkeypatch.setenv("EID_DATA", str(tmp_path))
    return tmp_path / "domains"


def test_nothing_of_the_test_scenes_is_learned_from(folder: Path) -> None:
    assert [(r.kind, r.path) for r in records_to_learn_from("rooms")] == [
        ("clear", folder / "a/clear/1.jpg"),
        ("hazy", folder / "a/hazy/2.jpg"),
    ]


def test_the_truth_of_a_test_scene_is_known_for_judging(folder: Path) -> None:
    (tried,) = [p for p in read_domain("rooms") if p.split == "test"]
    assert tried.truth == folder / "a/clear/3.jpg"


def test_a_collection_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"no collection 'fog' in .*: choose cells, rooms"):
        read_domain("fog")
