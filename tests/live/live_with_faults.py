"""The command with an engine that goes wrong: ``python -m tests.live.live_with_faults raises faulty --source ...``.

The fault is made while there is a file of the name that is the second argument.
"""

import sys
from pathlib import Path
from unittest.mock import patch

from eid_stream.app.cli import main
from tests.stand_ins.failing_engines import FailingEngine, answers_nan, raises_known, sleeps

FAULTS = {"raises": raises_known, "nan": answers_nan, "sleeps": sleeps(4.0)}


class FaultyChoice(FailingEngine):
    """What ``open_engine`` gives, without a next best engine."""

    reasons = ()


class WhileThere:
    """Every call while a file is there."""

    def __init__(self, flag: Path) -> None:
        self._flag = flag

    def __contains__(self, call: object) -> bool:
        return self._flag.exists()


def run() -> None:
    kind, flag = sys.argv[1:3]
    del sys.argv[1:3]
    engine = FaultyChoice(FAULTS[kind], calls=WhileThere(Path(flag)))
    with patch("eid_stream.app.wiring.live_wiring.open_engine", return_value=engine):
        main()


if __name__ == "__main__":
    run()
