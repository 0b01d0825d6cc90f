"""The papers say what is really there."""

import json
from datetime import date
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.lock import pins
from deploy.papers import hazards, software
from deploy.papers.audit import FOUND, NO_ANSWER, Accepted, judge, read_exceptions
from deploy.papers.hazards import Control, Hazard, LostTestError
from deploy.papers.parts_list import parts_list
from deploy.papers.software import UndescribedSoftwareError, parts_of

WEAK = {"dependencies": [{"name": "av", "version": "18.1.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"]}]}]}
TODAY = date(2026, 11, 28)


def one_hazard(*tests: str) -> list[Hazard]:
    return [Hazard("it breaks", "harm", (Control("it holds", tests),), "")]


def test_the_page_of_hazards_is_current() -> None:
    assert hazards.PAGE.read_text(encoding="utf-8") == hazards.page_of(hazards.read_hazards()), "run `make papers`"


def test_the_page_of_software_is_current() -> None:
    assert software.PAGE.read_text(encoding="utf-8") == software.page_of(), "run `make papers`"


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


def test_exceptions_have_a_reason_and_a_day() -> None:
    assert all(accepted.reason and accepted.until for accepted in read_exceptions())
