"""All browsers that look on, and who of them steers."""

import json
import time
from collections.abc import Callable

from eid_stream.sinks.web.haze_history import HazeHistory
from eid_stream.sinks.web.pictures.picture_size import MOST_WIDTH
from eid_stream.sinks.web.pictures.sent_picture import SentPicture, Wish
from eid_stream.sinks.web.viewers.viewer import Viewer

MOST_VIEWERS = 32
KEY_FRAME_PAUSE_SECONDS = 0.25
"""New and slow viewers get a picture to begin with no more often than this: key frames are large for everybody."""
KEY_FRAME_SECONDS = 4.0
"""A key frame comes at least so often while somebody looks on."""


class Audience:
    """The viewers; lives in the server's event loop, except where it says otherwise."""

    def __init__(self, history: HazeHistory) -> None:
        """Nobody looks on yet."""
        self._history = history
        self._viewers: list[Viewer] = []
        self._numbered = 0
        self._keyed = float("-inf")
        self.writer: Viewer | None = None
        """Who steers; the others' commands are refused."""
        self.width = MOST_WIDTH
        """Pixels that the widest page has for the width of a picture."""
        self._takers: tuple[tuple[Wish, float], ...] = ()
        self._starving = False

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """Everybody, in the order of coming."""
        return tuple(self._viewers)

    @property
    def wishes(self) -> frozenset[Wish]:
        """What is wanted of a frame now by those who can take one. Read by the thread that encodes."""
        now = time.monotonic()
        return frozenset(wish for wish, until in self._takers if now <= until)

    def join(self, address: str) -> Viewer | None:
        """A new viewer from a network address; None when there are too many."""
        if len(self._viewers) >= MOST_VIEWERS:
            return None
        self._numbered += 1
        viewer = Viewer(self._numbered, f"viewer {self._numbered} at {address}")
        self._viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """A viewer is gone; nothing else changes, except that nobody steers if it did."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
        if self.writer is viewer:
            self.writer = None
        self.look_again()

    def key_is_due(self) -> bool:
        """Whether the next picture must be one to begin with. Called by the thread that encodes."""
        pause = KEY_FRAME_PAUSE_SECONDS if self._starving else KEY_FRAME_SECONDS
        return time.monotonic() - self._keyed >= pause

    def show(self, picture: SentPicture) -> None:
        """Offer a picture to everybody."""
        if picture.key:
            self._keyed = time.monotonic()
        for viewer in self._viewers:
            viewer.offer(picture)
        self.look_again()

    def look_again(self) -> None:
        """Find out what is wanted of the next frame: a viewer that is asleep costs no encoding."""
        looking = [viewer for viewer in self._viewers if viewer.ready and not viewer.asleep]
        taking = [viewer for viewer in looking if viewer.keeps_up]
        self.width = max((viewer.width or MOST_WIDTH for viewer in looking), default=MOST_WIDTH)
        self._starving = any(viewer.needs_key and viewer.wish.codec == "h264" for viewer in taking)
        self._takers = tuple((viewer.wish, viewer.takes_until) for viewer in taking)

    def tell_state(self, state_of: Callable[[Viewer], dict[str, object]]) -> None:
        """Send everybody the state as ``state_of`` has it for each, and new points of the haze curve."""
        for viewer in self._viewers:
            viewer.tell("state", json.dumps({"type": "state"} | state_of(viewer)))
            points, count = self._history.since(viewer.curve_sent)
            if points:
                viewer.tell("curve", json.dumps({"type": "curve", "points": points}))
                viewer.curve_sent = count
        self.look_again()
