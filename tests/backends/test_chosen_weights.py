from pathlib import Path

import pytest

from eid_stream.backends import open_engine
from eid_stream.backends.student_contract import CARD_FILE, MODEL_FILE
from eid_stream.core.errors import ConfigError, EngineLoadError, EngineMismatchError
from tests.stand_ins.made_up_student import card_of, student


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model, card = student()
    (tmp_path / MODEL_FILE).write_bytes(model)
    card.save(tmp_path / CARD_FILE)
    return tmp_path


@pytest.mark.parametrize("name", ["", MODEL_FILE, CARD_FILE])
def test_weights_are_named_by_their_folder_or_a_file_of_it(folder: Path, name: str) -> None:
    engine = open_engine("auto", str(folder / name))
    assert engine.card.name == "made-up"
    engine.close()


def test_the_environment_names_weights_where_the_command_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EID_STREAM_WEIGHTS", str(folder))
    engine = open_engine()
    assert engine.card.name == "made-up"
    engine.close()


def test_weights_that_are_not_there_are_never_replaced_by_others(tmp_path: Path) -> None:
    with pytest.raises(EngineLoadError, match=r"no weights in .* name a folder that holds student\.onnx"):
        open_engine("auto", str(tmp_path))


def test_weights_without_golden_answers_or_with_a_foreign_card_are_refused(folder: Path) -> None:
    model, _ = student()
    card_of(model).save(folder / CARD_FILE)
    with pytest.raises(EngineMismatchError, match="no golden answers"):
        open_engine("auto", str(folder))
    student(seed=2)[1].save(folder / CARD_FILE)
    with pytest.raises(EngineMismatchError, match="belongs to another card"):
        open_engine("auto", str(folder))


def test_engines_that_do_not_take_other_weights_say_so(folder: Path) -> None:
    with pytest.raises(ConfigError, match="run on --engine onnx, not on prior"):
        open_engine("prior", str(folder))


@pytest.mark.parametrize(("science", "looks", "only_adds_light"), [("natural", 1, False), ("microscopy", 2, True)])
def test_students_of_other_sciences_came_with_the_package_and_pass_their_self_test(
    science: str, looks: int, only_adds_light: bool
) -> None:
    engine = open_engine("auto", science)
    assert engine.card.name == science
    assert (engine.card.looks, engine.card.only_adds_light) == (looks, only_adds_light)
    engine.close()
