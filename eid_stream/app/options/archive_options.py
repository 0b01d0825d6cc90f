"""What a user can ask of an archive run. The field names are flags and keys, like those of ``run_options.Options``."""

import os
import re
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from eid_stream.core.errors import ConfigError

_SHARD = re.compile(r"(\d+)/(\d+)")
ARCHIVE = Group("Archive", sort_key=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveOptions:
    """Everything an archive run is told beyond ``Options``, checked."""

    jobs: Annotated[int | None, Parameter(show_default=False)] = None
    """Work at so many videos at once. [default: one for every two processors]"""
    dry_run: bool = False
    """Say what would be done, and do nothing."""
    retry_failed: bool = True
    """Try videos again that failed in an earlier run."""

    shard: str = ""
    """Do a part of the work, such as 3/100 on the third of a hundred machines; all share the output folder."""
    on: str = ""
    """Hand the videos to a Ray cluster: ray starts one here, ray:ADDRESS or ray:auto joins one."""

    def __post_init__(self) -> None:
        """Refuse values that no run can use.

        Raises:
            ConfigError: a value is out of its range.
        """
        if self.jobs is not None and self.jobs < 1:
            raise ConfigError(f"--jobs is {self.jobs}: choose 1 or more.")
        if self.on.partition(":")[0] not in ("", "ray"):
            raise ConfigError(f"--on is {self.on!r}: use ray, or ray:ADDRESS of a cluster, or leave it out.")
        _ = self.shard_number

    @property
    def shard_number(self) -> tuple[int, int]:
        """Which part, counted from 1, of how many.

        Raises:
            ConfigError: it cannot be read.
        """
        match = _SHARD.fullmatch(self.shard or "1/1")
        number, count = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= count:
            raise ConfigError(f"--shard is {self.shard!r}: write its number and how many there are, such as 3/100.")
        return number, count

    @property
    def processes(self) -> int:
        """How many videos to work at at once."""
        return self.jobs or max(1, (os.cpu_count() or 2) // 2)
