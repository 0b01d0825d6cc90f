"""How the commands of this folder start: typed options from the command line, errors as one sentence."""

import sys
from collections.abc import Callable, Sequence

from cyclopts import App

from eid_stream.core.errors import EidStreamError
from eid_stream.core.host.standard_streams import steady_streams


def run_command(main: Callable[..., None], tokens: Sequence[str] | None = None) -> None:
    """Run ``main`` with the command line's options; an error of ours ends the process with its sentence and code."""
    app = App()
    app.default(main)
    with steady_streams():
        try:
            app(tokens)
        except EidStreamError as error:
            print(f"Error: {error}", file=sys.stderr)
            raise SystemExit(error.exit_code) from error
