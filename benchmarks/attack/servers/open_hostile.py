"""Opens every hostile server at the same time, in this process; one line of JSON for each. To be run as a process of
its own: what ends it is found out by opening one at a time."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass

from benchmarks.attack.servers.hostile_servers import CASES, serving
from eid_stream.core.errors import EidStreamError
from eid_stream.sources.live.live_address import open_live
from eid_stream.sources.opening_deadline import open_within

TIME_LIMIT_SECONDS = 30.0
"""The deadline of the command (``wiring``) for a live source."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How one attack ended."""

    case: str
    error: str
    """The class of what was raised; empty if it could be opened."""
    says: str
    seconds: float
    visitors: int
    """How often the other host was visited."""


def attack(name: str) -> Opened:
    """Open the address of one case while its server runs."""
    case = CASES[name]
    error, says = "", ""
    began = time.monotonic()
    with serving(case.reply) as (port, visitors):
        address = case.address.format(port=port)
        try:
            with closing(open_within(TIME_LIMIT_SECONDS, lambda: open_live(address), address)):
                pass
        except EidStreamError as refusal:
            error, says = type(refusal).__name__, str(refusal)
        except Exception as fault:
            error, says = f"unexpected {type(fault).__name__}", str(fault)
        return Opened(name, error, says, round(time.monotonic() - began, 1), len(visitors))


def main(names: list[str]) -> None:
    """Attack with all cases, or those named."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        for outcome in pool.map(attack, names or list(CASES)):
            print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
