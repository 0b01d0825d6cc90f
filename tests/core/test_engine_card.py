"""Reading and writing engine cards."""

from dataclasses import replace
from pathlib import Path

import pytest

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError


def test_a_card_survives_a_round_trip(tmp_path: Path) -> None:
    card = replace(PriorEngine().card, metrics={"psnr_db": 21.5}, golden={"black": [1.0, 0.0]})
    card.save(tmp_path / "card.json")
    assert EngineCard.load(tmp_path / "card.json") == card


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "Cannot read"), ("[]", "not a JSON object"), ('{"surprise": 1}', "unknown fields"), ("{}", "incomplete")],
)
def test_a_damaged_card_is_refused_with_the_reason(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(content)
    with pytest.raises(EngineLoadError, match=sentence):
        EngineCard.load(path)


def test_a_missing_card_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(EngineLoadError, match=r"missing\.json"):
        EngineCard.load(tmp_path / "missing.json")
