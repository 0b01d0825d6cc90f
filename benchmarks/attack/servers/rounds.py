"""Every hostile server against the command itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.attack.command_worker import CommandWorker
from benchmarks.attack.outcome import SURVIVED, Row
from benchmarks.attack.servers.hostile_servers import CASES, serving

TIME_LIMIT_SECONDS = 240.0
SLOW_SECONDS = 35.0
AT_ONCE = 3


def attack(name: str, worker: CommandWorker) -> str:
    """Open one address; the symptom, or ``SURVIVED``."""
    case = CASES[name]
    with serving(case.reply) as (port, visitors):
        done = worker.run("--source", case.address.format(port=port), "--out", "null:", "--no-window", "--engine=prior")
        if isinstance(done, str):
            return done
        if visitors:
            return "leaked a visit to another host"
        if "Traceback" in done.said or "unexpected fault" in done.said:
            return f"said an unexpected fault: {done.said.strip().splitlines()[-1][:90]}"
        if done.status not in (2, 3) or case.says not in done.said:
            return f"said status {done.status}"
        return "slow" if done.seconds > SLOW_SECONDS else SURVIVED


def attack_all(*, rounds: int = 1, until: Callable[[], bool] = lambda: False) -> Row:
    """Every server, a few at a time: most of the time is spent waiting."""
    row = Row("hostile servers and playlists")

    def one(name: str) -> tuple[str, str] | None:
        if until():
            return None
        worker = CommandWorker(time_limit_seconds=TIME_LIMIT_SECONDS)
        try:
            return name, attack(name, worker)
        finally:
            worker.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for told in pool.map(one, [name for _ in range(rounds) for name in CASES]):
            if told is not None:
                row.note(told[1], told[0])
    return row
