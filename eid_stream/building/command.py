"""Running a command so that a user sees one sentence and an exit status, never a traceback."""

import sys

from cyclopts import App

from eid_stream.core.errors import EidStreamError
from eid_stream.core.host.standard_streams import steady_streams


def run_command(app: App) -> None:
    """Run ``app`` on the command line's arguments; an error of ours is printed and gives the exit status."""
    with steady_streams():
        try:
            app()
        except EidStreamError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(130)
