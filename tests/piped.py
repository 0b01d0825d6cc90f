"""Standard input of this process, fed by another one through a real pipe."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def standard_input_from(path: Path) -> Iterator[None]:
    """While entered, the bytes of a file come through descriptor 0."""
    saved = os.dup(0)
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as feeder:
        assert feeder.stdout is not None
        os.dup2(feeder.stdout.fileno(), 0)
        feeder.stdout.close()
        try:
            yield
        finally:
            os.dup2(saved, 0)
            os.close(saved)
            feeder.kill()
