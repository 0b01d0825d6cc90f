"""What a run begins with: its source, and a file's engine, are opened while the rest of the program is loaded."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.app.wiring.source_wiring import await_source, begin_to_open, is_watched
from eid_stream.core.interfaces import Source
from eid_stream.flow.opening import Opening

if TYPE_CHECKING:
    from eid_stream.backends.fallback_engine import FallbackEngine


class Beginning(ExitStack):
    """Opens at once what is slow to open; what nobody took is closed at its end.

    What goes wrong is told to whoever asks for what could not be opened.
    """

    def __init__(self, options: Options, live: LiveOptions) -> None:
        """Begin."""
        super().__init__()
        self._options = options
        self._source = begin_to_open(options, live)
        self.callback(self._source.abandon)
        from eid_stream.backends import open_engine  # loaded beside the opening of the source

        self._engine: Opening[FallbackEngine] | None = None
        if not is_watched(options, live):  # where somebody watches, nobody waits for an engine
            self._engine = Opening(lambda: open_engine(options.engine, options.weights))
            self.callback(self._engine.abandon)

    def source(self) -> Source:
        """The source, waited for.

        Raises:
            EidStreamError: it cannot be opened, or takes too long.
        """
        return await_source(self._source, self._options)

    def engine(self) -> "FallbackEngine":
        """The engine, waited for.

        Raises:
            EidStreamError: it cannot be opened.
        """
        from eid_stream.backends import open_engine

        options = self._options
        return self._engine.take() if self._engine else open_engine(options.engine, options.weights)
