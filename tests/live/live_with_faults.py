"""The command with an engine that goes wrong: ``python -m tests.live.live_with_faults raises 20 60 --source ...``.

The fault is made on the calls from the second to before the third argument, counted from 0.
"""

import sys
from unittest.mock import patch

import cv2  # noqa: F401 - before PyAV: otherwise its window hangs

from eid_stream.app.cli import main
from tests.stand_ins.failing_engines import FailingEngine, answers_nan, raises_known, sleeps

FAULTS = {"raises": raises_known, "nan": answers_nan, "sleeps": sleeps(4.0)}


class FaultyChoice(FailingEngine):
    """What ``open_engine`` gives, without a next best engine."""

    reasons = ()


def run() -> None:
    kind, begin, end = sys.argv[1:4]
    del sys.argv[1:4]
    engine = FaultyChoice(FAULTS[kind], calls=range(int(begin), int(end)))
    with patch("eid_stream.app.wiring.live_wiring.open_engine", return_value=engine):
        main()


if __name__ == "__main__":
    run()
