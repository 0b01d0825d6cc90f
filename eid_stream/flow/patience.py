"""How long a run that is to end waits for stages that do not get on."""

import time

FINISHING = 6.0
"""Finishing a file may take so many times as long as anything else that blocks."""


class Patience:
    """Runs out when a run that is to end has stood still for too long."""

    def __init__(self, grace_seconds: float) -> None:
        """Stand still for ``grace_seconds`` at most."""
        self._grace_seconds = grace_seconds
        self._seen: tuple[int, ...] = ()
        self._got_on = time.monotonic()
        self._ending_since: float | None = None

    def spent_seconds(self, progress: tuple[int, ...], *, ending: bool) -> float:
        """Note what there is of progress; how long nothing has got on in a run that is to end."""
        now = time.monotonic()
        if progress != self._seen or not ending:
            self._seen, self._got_on = progress, now
        if not ending:
            self._ending_since = None
        elif self._ending_since is None:
            self._ending_since = now
        return now - self._got_on

    @property
    def ending_seconds(self) -> float:
        """How long the run has been about to end; 0 while it is not, however long nobody asked."""
        return 0.0 if self._ending_since is None else time.monotonic() - self._ending_since

    def allowed_seconds(self, *, finishing: bool) -> float:
        """How long it may stand still; ``finishing``: only files are being finished."""
        return self._grace_seconds * (FINISHING if finishing else 1.0)
