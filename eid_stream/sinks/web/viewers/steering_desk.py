"""Obeys viewers: what concerns their page at once, what concerns the run only from the one who steers."""

import json
import time
from collections.abc import Callable
from typing import cast

from eid_stream.sinks.web.controls import ConsoleControls
from eid_stream.sinks.web.pictures.sent_picture import Codec, Wish
from eid_stream.sinks.web.viewers.audience import Audience
from eid_stream.sinks.web.viewers.commands import STEERING, Command
from eid_stream.sinks.web.viewers.viewer import Viewer

_WITHOUT_NOTE = "bookmark"
_PHOTO_PAUSE_SECONDS = 1.0
"""Writing two large PNG files takes a while."""


class SteeringDesk:
    """One viewer steers at a time: the first that asks, until it leaves or another takes over.

    To ask for the original is open to everybody at any time: it is what the camera sees.
    """

    def __init__(
        self,
        controls: ConsoleControls,
        audience: Audience,
        *,
        tell_state: Callable[[], None],
        take_photo: Callable[[], None],
    ) -> None:
        """Connect viewers with the run; ``tell_state`` informs everybody; both must return at once."""
        self._controls = controls
        self._audience = audience
        self._tell_state = tell_state
        self._take_photo = take_photo
        self._last_photo = float("-inf")

    def do(self, viewer: Viewer, command: Command) -> None:
        """Obey, or leave it and tell everybody's state anew."""
        if command.do in STEERING:
            if self._may(viewer, command):
                self._steer(viewer, command)
            self._tell_state()
        else:
            self._serve(viewer, command)

    def _may(self, viewer: Viewer, command: Command) -> bool:
        if command.do == "steer" or (command.do == "bypass" and command.value):
            return True
        if self._audience.writer is None:
            self._audience.writer = viewer
        return self._audience.writer is viewer

    def _steer(self, viewer: Viewer, command: Command) -> None:
        value = command.value
        match command.do:
            case "steer":
                self._hand_over(viewer, wanted=value)
            case "strength":
                self._controls.strength = round(value, 3)
            case "bypass":
                self._controls.bypassed = value
            case "record":
                if value != bool(self._controls.recording):
                    self._controls.toggle_recording()
            case "photo":
                self._photograph()
            case "bookmark":
                self._controls.bookmark(value or _WITHOUT_NOTE)

    def _hand_over(self, viewer: Viewer, *, wanted: bool) -> None:
        if wanted:
            self._audience.writer = viewer
        elif self._audience.writer is viewer:
            self._audience.writer = None

    def _photograph(self) -> None:
        now = time.monotonic()
        if now - self._last_photo >= _PHOTO_PAUSE_SECONDS:
            self._last_photo = now
            self._take_photo()

    def _serve(self, viewer: Viewer, command: Command) -> None:
        match command.do:
            case "watch":
                codec, original, haze, width = command.value
                viewer.wants(Wish(cast(Codec, codec), original, haze), width)
            case "seen":
                viewer.seen(command.value)
            case "clock":
                now = time.monotonic_ns() / 1e6
                viewer.tell("clock", json.dumps({"type": "clock", "asked": command.value, "now": now}))
            case "sleep":
                viewer.sleep(asleep=command.value)
        self._audience.look_again()
