"""What a user can ask of an archive run. The field names are flags and keys, like those of ``run_options.Options``."""

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from eid_stream.core.errors import ConfigError

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

    def __post_init__(self) -> None:
        """Refuse values that no run can use.

        Raises:
            ConfigError: a value is out of its range.
        """
        if self.jobs is not None and self.jobs < 1:
            raise ConfigError(f"--jobs is {self.jobs}: choose 1 or more.")

    @property
    def processes(self) -> int:
        """How many videos to work at at once."""
        return self.jobs or max(1, (os.cpu_count() or 2) // 2)
