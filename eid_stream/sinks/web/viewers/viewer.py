"""One browser: what waits for it, and whether it keeps up."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from math import inf

from eid_stream.sinks.web.pictures.sent_picture import SentPicture, Wish

MOST_WAITING = 2
"""Pictures that may wait to be sent: one hiccup of the network is not yet a gap."""
MOST_ON_THE_WAY = 8
"""Pictures sent whose sight has not been confirmed: a browser that is further behind has fallen asleep or is slow."""
LONGEST_ON_THE_WAY_SECONDS = 0.3
_TRIPS_KEPT = 64
_SPARE_SHARE, _SPARE_SECONDS = 0.5, 0.025
"""Pictures may take so much longer than the quickest lately before it is thought that they wait for each other."""


@dataclass(eq=False)
class Viewer:
    """Takes the newest pictures and leaves out what it cannot take in time; lives in the server's event loop.

    After a picture was left out the next one must be a key frame; ``needs_key`` says so.
    """

    identity: int
    name: str
    wish: Wish = field(default_factory=Wish)
    ready: bool = False
    """Whether the page has said what it wants; nothing is sent before."""
    needs_key: bool = True
    asleep: bool = False
    """Whether the page is hidden."""
    width: int = 0
    """Pixels that the page has for the width of a picture; 0: it has not said."""
    curve_sent: int = 0
    """Points of the haze curve the page has."""
    missed: int = 0
    """Pictures left out."""
    _pictures: "deque[tuple[int, bytes]]" = field(default_factory=deque)
    _texts: dict[str, str] = field(default_factory=dict)
    _on_the_way: "dict[int, float]" = field(default_factory=dict)
    _trips: "deque[float]" = field(default_factory=lambda: deque(maxlen=_TRIPS_KEPT))
    _something: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def keeps_up(self) -> bool:
        """Whether another picture may be sent."""
        if self.asleep:
            return False
        oldest = next(iter(self._on_the_way.values()), None)
        late = oldest is not None and time.monotonic() - oldest > LONGEST_ON_THE_WAY_SECONDS
        return not late and len(self._on_the_way) < MOST_ON_THE_WAY and len(self._pictures) < MOST_WAITING

    @property
    def takes_until(self) -> float:
        """When the next picture has to be encoded (monotonic, seconds) so as not to queue up behind others.

        A page that is slower than the camera gets fewer pictures rather than older ones.
        """
        oldest = next(iter(self._on_the_way.values()), None)
        quickest = min(self._trips, default=LONGEST_ON_THE_WAY_SECONDS)
        return inf if oldest is None else oldest + (1 + _SPARE_SHARE) * quickest + _SPARE_SECONDS

    def wants(self, wish: Wish, width: int = 0) -> None:
        """Change what is sent; the next picture is one to begin with unless only map or width differ."""
        self.width = width
        same_pictures = self.ready and (wish.codec, wish.original) == (self.wish.codec, self.wish.original)
        self.wish, self.ready = wish, True
        self.needs_key = self.needs_key or not same_pictures

    def offer(self, picture: SentPicture) -> None:
        """Take a picture, or leave it out."""
        message = picture.message(self.wish) if self.ready else None
        if message is None or (self.needs_key and not picture.starts(self.wish)):
            return
        if not self.keeps_up:
            self.missed += 1
            self.needs_key = True
            self._forget_waiting()
            return
        self.needs_key = False
        self._pictures.append((picture.number, message))
        self._on_the_way[picture.number] = time.monotonic()
        self._something.set()

    def tell(self, kind: str, text: str) -> None:
        """Send a text; one of the same kind that still waits is replaced."""
        self._texts[kind] = text
        self._something.set()

    def seen(self, number: int) -> None:
        """The page has painted a picture: it and those before it are no longer on the way."""
        if number in self._on_the_way:
            self._trips.append(time.monotonic() - self._on_the_way[number])
        for sent in [sent for sent in self._on_the_way if sent <= number]:
            del self._on_the_way[sent]

    def sleep(self, *, asleep: bool) -> None:
        """The page is hidden and wants no pictures, or it is back and begins anew."""
        self.asleep = asleep
        self._on_the_way.clear()
        self._pictures.clear()
        self.needs_key = True

    async def next(self) -> str | bytes:
        """Wait for what is to be sent next; texts go first."""
        while not (self._texts or self._pictures):
            self._something.clear()
            await self._something.wait()
        if self._texts:
            return self._texts.pop(next(iter(self._texts)))
        return self._pictures.popleft()[1]

    def _forget_waiting(self) -> None:
        for number, _ in self._pictures:
            self._on_the_way.pop(number, None)
        self._pictures.clear()
