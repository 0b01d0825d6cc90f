"""Many runs of the command in one process, which is started once: the process that attacks may end."""

import functools
import gc
import io
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from cyclopts import App

ROOT = Path(__file__).parents[2]
HUNG, DIED = "hung", "died"
START_SECONDS = 1200.0
_RUNS_BETWEEN = 20


@dataclass(frozen=True, slots=True)
class Done:
    """One run of the command."""

    status: int
    said: str
    seconds: float
    cpu_seconds: float = 0.0
    """What it cost whatever else the machine had to do."""


class CommandWorker:
    """Runs the command again and again in a process of its own, and starts another one when it dies or hangs."""

    def __init__(self, *, time_limit_seconds: float, module: str = "benchmarks.attack.command_worker") -> None:
        """``module`` says when it is ready, then answers each line of arguments with one of JSON."""
        self._time_limit_seconds = time_limit_seconds
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> Done | str:
        """Run it with ``arguments``; how it ended, or ``"died of signal ..."`` or ``"hung"``."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(arguments).encode() + b"\n")
        process.stdin.flush()
        line = _line_within(process.stdout, self._time_limit_seconds)
        if line:
            return Done(**json.loads(line))
        self.close()
        return HUNG if line is None else f"{DIED} with status {process.returncode}"

    def close(self) -> None:
        """End the process; may be called twice."""
        process, self._process = self._process, None
        if process is not None:
            if not _has_ended(process):
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip
        assert self._process.stdout is not None
        if not _line_within(self._process.stdout, START_SECONDS):
            raise RuntimeError("the command cannot be run here at all")
        return self._process


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it is about to be gone: its output is closed before its status can be had."""
    try:
        process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return False
    return True


def _line_within(stream: IO[bytes], seconds: float) -> bytes | None:
    """The next line; empty at the end of the stream, None if none came in time."""
    ready, _, _ = select.select([stream], [], [], seconds)
    return stream.readline() if ready else None


def _serve() -> None:
    """Read arguments, one list a line, and answer with status and what was said."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _parse_once()
    _run("--source", "phantom:?size=64x48", "--duration", "0.2", "--out", "null:", "--engine", "prior")
    answers.write("warmed up\n")
    for number, line in enumerate(sys.stdin):
        answers.write(json.dumps(asdict(_run(*json.loads(line)))) + "\n")
        if number % _RUNS_BETWEEN == 0:  # a run keeps what was loaded from being searched, and here the runs before it
            gc.unfreeze()
            gc.collect()


def _parse_once() -> None:
    """Parse the same arguments once only: that takes half of the time of a short run. A file of settings may change."""
    from eid_stream.app import cli

    parse = functools.cache(lambda *given: cli_app.parse_args(given, exit_on_error=False, print_error=False))
    cli_app = cli.app

    def run_parsed(arguments: list[str], **options: Any) -> Any:
        if any(argument.startswith("--config") for argument in arguments):
            return cli_app(arguments, **options)
        command, bound, _ = parse(*arguments)
        return command(*bound.args, **bound.kwargs)

    cli.app = cast("App", run_parsed)


def _run(*arguments: str) -> Done:
    from eid_stream.app.cli import main

    told, before, began = io.StringIO(), sys.argv, (time.monotonic(), time.process_time())
    sys.argv, sys.stderr = ["eid-stream", *arguments], told
    status = 1
    try:
        main()
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    finally:
        sys.argv, sys.stderr = before, sys.__stderr__
    return Done(status, told.getvalue(), time.monotonic() - began[0], time.process_time() - began[1])


if __name__ == "__main__":
    _serve()
