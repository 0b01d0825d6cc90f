"""The papers say what is really there."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import ModelCard

from deploy.lock import ROOT, pins
from deploy.papers import hazards, model_card, software
from deploy.papers.__main__ import pages
from deploy.papers.audit import FOUND, NO_ANSWER, Accepted, judge, read_exceptions, worst
from deploy.papers.hazards import Control, Hazard, LostTestError
from deploy.papers.parts_list import parts_list
from deploy.papers.software import UndescribedSoftwareError, parts_of

WEAK = {"dependencies": [{"name": "av", "version": "18.1.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"]}]}]}
TODAY = date(2026, 11, 28)
ENGINE_CARD = {
    "version": "1",
    "metrics": {"rendered_before": 19.0, "rendered_psnr": 24.5},
    "training_data": "cholec80: CC BY-NC-SA 4.0; as told; redish: not stated",
    "student_sha256": "aa",
    "program_sha256": "bb",
}


def one_hazard(*tests: str) -> list[Hazard]:
    return [Hazard("it breaks", "harm", (Control("it holds", tests),), "")]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_page_that_is_made_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make papers`"


def test_the_model_card_has_the_licence_the_data_and_the_figures_of_the_weights_beside_it() -> None:
    text = model_card.page_of(f"{model_card.BEGIN}of before{model_card.END}", ENGINE_CARD)
    _, head, body = text.split("---\n", 2)
    assert yaml.safe_load(head)["license"] == "cc-by-nc-sa-4.0"
    assert yaml.safe_load(head)["model-index"][0]["results"][0]["metrics"][0]["value"] == 24.5
    assert "| cholec80 | CC BY-NC-SA 4.0; as told |" in body
    assert "of before" not in body


def test_the_hub_s_own_reader_finds_the_figures_of_the_model_card() -> None:
    results = model_card.read_engine_card()["metrics"]
    card = ModelCard.load(model_card.PAGE).data
    assert (card.license, card.library_name, card.pipeline_tag) == ("cc-by-nc-sa-4.0", "onnx", "image-to-image")
    assert card.eval_results is not None
    assert card.eval_results[0].metric_value == round(results["rendered_psnr"], 2)


def test_every_file_that_the_model_card_names_is_there() -> None:
    named = re.findall(
        r"`([\w-]+(?:/[\w.-]+)+|[\w-]+\.(?:onnx|pt2|json|md))`", model_card.PAGE.read_text(encoding="utf-8")
    )
    assert len(named) > 5
    assert [name for name in named if not any((root / name).exists() for root in (ROOT, model_card.PAGE.parent))] == []


def test_a_control_whose_test_is_gone_stops_the_page(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it_holds(): ...\n@mark.skip\ndef test_it_is_off(): ...\n")
    assert "it holds" in hazards.page_of(one_hazard("test_it_holds"), tmp_path)
    for lost in ((), ("test_it_held",), ("test_it_is_off",)):
        with pytest.raises(LostTestError):
            hazards.page_of(one_hazard(*lost), tmp_path)


def test_two_tests_of_one_name_show_nothing(tmp_path: Path) -> None:
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text("def test_it_holds(): ...\n")
    with pytest.raises(LostTestError):
        hazards.page_of(one_hazard("test_it_holds"), tmp_path)


def test_software_that_nobody_described_stops_the_page(tmp_path: Path) -> None:
    (tmp_path / "software.yaml").write_text("av: {purpose: video}\n")
    with pytest.raises(UndescribedSoftwareError, match="anyio"):
        list(parts_of("runtime", tmp_path / "software.yaml"))


@pytest.mark.parametrize("lock", software.SHIPPED)
def test_the_parts_list_is_valid_and_holds_the_whole_lock_and_the_weights(lock: str) -> None:
    text = parts_list(lock)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == parts_list(lock)
    there = {(part["name"], part["version"]) for part in json.loads(text)["components"]}
    assert {(pin.name, str(pin.specifier).removeprefix("==")) for pin in pins(lock)} <= there
    assert {"student.onnx", "student.pt2"} <= {name for name, _ in there}


def test_a_known_weakness_fails_the_audit_unless_it_is_accepted_until_a_later_day() -> None:
    accepted = Accepted("CVE-1", "av", "never called", until=TODAY)
    assert judge("runtime", WEAK, [], TODAY) == FOUND
    assert judge("runtime", WEAK, [accepted], TODAY) == 0
    assert judge("runtime", WEAK, [accepted], date(2026, 11, 29)) == FOUND


def test_no_answer_is_no_pass() -> None:
    assert judge("runtime", None, [], TODAY) == NO_ANSWER
    skipped = {"dependencies": [{"name": "av", "skip_reason": "not found"}]}
    assert judge("runtime", skipped, [], TODAY) == NO_ANSWER


def test_what_was_found_in_one_lock_is_not_hidden_by_another_without_an_answer() -> None:
    assert worst([FOUND, NO_ANSWER]) == worst([NO_ANSWER, FOUND]) == worst([0, FOUND]) == FOUND
    assert worst([0, NO_ANSWER]) == NO_ANSWER
    assert worst([0, 0]) == 0


def test_exceptions_have_a_reason_and_a_day() -> None:
    assert all(accepted.reason and accepted.until for accepted in read_exceptions())
