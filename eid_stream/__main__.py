"""The console script, and ``python -m eid_stream``."""

import gc
import os
import sys


def main() -> None:
    """Run the command; Ctrl-C while it is still being loaded ends in silence, not in a traceback."""
    gc.disable()  # loading and parsing make much and throw nothing away: a quarter of the time of --help
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's threads would spin, and its matrices here are tiny
    try:
        from eid_stream.app.cli import main as run
        from eid_stream.app.ending.leaving import leave
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        run()
    except SystemExit as ending:
        leave(ending)
        raise


if __name__ == "__main__":
    main()
