"""Videos of an archive on a Ray cluster, one task each. The output folder lies where every node can write to it."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

from eid_stream.archive.file_run import FileRun
from eid_stream.archive.manifest import Entry
from eid_stream.archive.task import FileTask
from eid_stream.core.errors import ConfigError

PROCESSORS = 2
"""Processors that a video is reckoned to take."""
_RETRIES = 20
"""How often a video is begun again, where it ended, because its machine was lost."""
_LOOK_SECONDS = 0.5
_NOWHERE = "http://127.0.0.1:9/"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_REPORT_URL": _NOWHERE,
    "RAY_TRACING_ENABLED": "0",
    "RAY_ENABLE_RECORD_ACTOR_TASK_LOGGING": "0",
}
"""Nothing is told to Ray's makers, not even that nothing is to be told, which Ray 2.60 reports of some clusters."""
_NO_WEB = {"http_proxy": _NOWHERE, "https_proxy": _NOWHERE, "no_proxy": ""}
"""For the processes that Ray starts: one of them asks the web of three clouds whether it runs there."""


class RayCluster:
    """A cluster that this process has joined, or has started on this machine."""

    def __init__(self, address: str) -> None:
        """Join the cluster at ``address`` (``auto``: the one of this machine); start one without an address.

        Raises:
            ConfigError: Ray is not installed, or no cluster answers.
        """
        os.environ.update(_QUIET)
        try:
            ray: Any = import_module("ray")
        except ImportError as error:
            raise ConfigError("--on ray needs Ray. Install it: pip install 'eid-stream[ray]'") from error
        self._ray = ray
        try:
            with _environment(_NO_WEB):
                ray.init(
                    address or "local",
                    include_dashboard=None if address else False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except Exception as error:  # Ray raises whatever its parts meet
            said = " ".join(str(error).split()) or type(error).__name__
            where = f"the Ray cluster {address}" if address else "a Ray cluster on this machine"
            raise ConfigError(f"Cannot use {where}: {said[:300]}. Start one: ray start --head") from error
        self._work = ray.remote(num_cpus=PROCESSORS, max_retries=_RETRIES)(_work)

    @property
    def places(self) -> int:
        """Videos that find processors at once."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)) // PROCESSORS)

    def begin(self, task: FileTask, _: Callable[[float], None]) -> "RayRun":
        """A run of a task on whatever node has room."""
        return RayRun(self._ray, self._work, task)


class RayRun:
    """A task on the cluster; Ray gives it to another node where one is lost."""

    def __init__(self, ray: Any, work: Any, task: FileTask) -> None:
        self._ray, self._work, self._task = ray, work, task
        self._stopped = False

    def run(self) -> Entry:
        """Have it done and say how it went."""
        task = self._task
        try:
            answer = self._work.remote(task)
            while not self._ray.wait([answer], timeout=_LOOK_SECONDS)[0]:
                if self._stopped:
                    self._ray.cancel(answer, force=True)
                    return replace(_failed(task, "Stopped; the next run goes on from there."), state="stopped")
            entry: Entry = self._ray.get(answer)
        except Exception as error:  # lost too often, or the cluster is gone
            return _failed(task, f"Ray lost it: {' '.join(str(error).split())[:300]}")
        return entry

    def stop(self) -> None:
        """Take it back."""
        self._stopped = True


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Changes for whatever is started meanwhile."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        for name in changes:
            os.environ.pop(name)
            if name in before:
                os.environ[name] = before[name]


def _work(task: FileTask) -> Entry:
    """Runs on a node of the cluster."""
    return FileRun(task).run()


def _failed(task: FileTask, sentence: str) -> Entry:
    return replace(task.begun(), state="failed", sentence=sentence, written_at=time.time())
