"""The sink that keeps nothing: for measuring, and for looking without recording."""

from eid_stream.core.frame import Frame


class NullSink:
    """Takes frames and forgets them."""

    def write(self, frame: Frame) -> None:
        """Forget the frame."""

    def close(self) -> None:
        """Nothing to finish."""
