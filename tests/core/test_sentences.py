import pytest

from eid_stream.app.telling.summary import summarise
from eid_stream.core.errors import EngineLoadError
from eid_stream.core.sentences import ended_once
from eid_stream.flow.stats import Stats


@pytest.mark.parametrize(
    ("made", "meant"),
    [
        ("Cannot open it: Build it again.. Choose another one.", "Cannot open it: Build it again. Choose another one."),
        ("It broke off: Is the receiver running?.", "It broke off: Is the receiver running?"),
        ("There is no folder ../data. Look into .. or /data/.. for it.",) * 2,
        ("And so on... It ends.",) * 2,
    ],
)
def test_a_sentence_in_a_sentence_ends_once(made: str, meant: str) -> None:
    assert ended_once(made) == meant


def test_errors_and_the_summary_end_once() -> None:
    inner = EngineLoadError("The engine file is damaged. Build it again.")
    assert str(EngineLoadError(f"The engine cannot be opened: {inner}.")).endswith("Build it again.")
    stats = Stats()
    stats.bypassed[str(inner)] = 3
    assert "Build it again.\n" in summarise(stats, wall_seconds=1.0)
