"""The window: OpenCV's, in the main thread, drawn at its own size."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from eid_stream.core.errors import SinkOpenError
from eid_stream.core.frame import Frame, FrameState, StreamInfo
from eid_stream.sinks.snapshot import save_snapshot
from eid_stream.sinks.window.controls import Frames, WindowControls
from eid_stream.sinks.window.event_queue import give_events_to_the_window
from eid_stream.sinks.window.overlay import Marks, draw_marks
from eid_stream.sinks.window.view import STRIP_HEIGHT, Composer, Place, View

KEY_SECONDS = 0.015
"""How long the window waits for a frame before it looks at its keys: OpenCV remembers only the last one pressed."""
REDRAW_SECONDS = 0.1
"""Without frames, the age of the last one is redrawn so often."""
HELD_SECONDS = 0.75
"""A key counts as held for so long after its last repetition: longer than the pause before repetitions begin."""
STRENGTH_STEP = 0.1
BORDER_STEP = 0.05
_OPENING_MS = 100
_LEFT, _RIGHT = 65361, 65363


class Window:
    """Shows frames until the stream ends, ``q`` is pressed or the window is closed. Use it in the main thread only."""

    def __init__(
        self,
        controls: WindowControls,
        info: StreamInfo,
        *,
        view: View | None = None,
        title: str = "eid-stream",
        monitor: Place | None = None,
        fullscreen: bool = False,
        screenshots: Path = Path(),
    ) -> None:
        """Open an empty window for pictures as ``info`` announces them; ``screenshots`` is the folder that p writes to.

        Opening takes tenths of a second: better now than when the first frame is waiting.

        Raises:
            SinkOpenError: the window library cannot open one.
        """
        self._controls = controls
        self._view = view or View()
        self._title = title
        self._monitor = monitor
        self._fullscreen = fullscreen
        self._composer = Composer(info.sample_aspect, info.rotation)
        self._screenshots = screenshots
        self._frame: Frame | None = None
        self._held_until = 0.0
        self._quit = False
        self._size = (0, 0)
        self._drawn = 0.0
        self._keys: dict[int, Callable[[], None]] = self._bindings()
        self._open(info)

    def run(self, frames: Frames) -> None:
        """Show frames as they come; returns when it is over."""
        try:
            while not self._quit and not frames.over:
                frame = frames.take(KEY_SECONDS)
                if frame is not None:
                    self._frame = frame
                    self._draw(frame)
                elif self._frame is not None and time.monotonic() - self._drawn >= REDRAW_SECONDS:
                    self._draw(self._frame)
                self._press(cv2.pollKey())  # this is also where the library paints
                if frame is not None:
                    self._controls.shown(frame)
                self._quit = self._quit or cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        finally:
            cv2.destroyAllWindows()
            cv2.pollKey()

    def _open(self, info: StreamInfo) -> None:
        width, height = self._composer.shown_size(info.width, info.height)
        if self._view.side_by_side:
            width *= 2
        if self._view.marks_outside:
            height += 2 * STRIP_HEIGHT
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
        give_events_to_the_window()
        try:
            cv2.namedWindow(self._title, flags)
        except cv2.error as error:
            raise SinkOpenError("Cannot open a window: there is no display. Use --out to work without one.") from error
        room = self._monitor or Place(0, 0, width, height)
        scale = min(1.0, room.width / width, room.height / height)
        self._size = (round(width * scale), round(height * scale))
        self._place()
        cv2.setMouseCallback(self._title, self._on_mouse)
        cv2.imshow(self._title, np.zeros((self._size[1], self._size[0], 3), np.uint8))
        cv2.waitKey(_OPENING_MS)

    def _place(self) -> None:
        """Give the window its place; without a window manager full screen is only a size."""
        state = cv2.WINDOW_FULLSCREEN if self._fullscreen else cv2.WINDOW_NORMAL
        monitor = self._monitor
        if monitor is not None:
            cv2.moveWindow(self._title, monitor.left, monitor.top)
        cv2.setWindowProperty(self._title, cv2.WND_PROP_FULLSCREEN, state)
        if not self._fullscreen:
            cv2.resizeWindow(self._title, *self._size)
        elif monitor is not None:
            cv2.resizeWindow(self._title, monitor.width, monitor.height)

    def _draw(self, frame: Frame) -> None:
        held = time.monotonic() < self._held_until
        original = held or self._controls.bypassed or not frame.state.dehazed
        _, _, width, height = cv2.getWindowImageRect(self._title)
        composition = self._composer.compose(frame, self._view, max(width, 64), max(height, 48), original=original)
        cv2.imshow(self._title, draw_marks(composition, self._marks(frame, held=held)))
        self._drawn = time.monotonic()

    def _marks(self, frame: Frame, *, held: bool) -> Marks:
        controls, view = self._controls, self._view
        state = frame.state
        if controls.bypassed:
            state = FrameState(dehazed=False, why="bypass (b)")
        elif held:
            state = FrameState(dehazed=False, why="c is held")
        return Marks(
            dehazed=state.dehazed,
            why=state.why,
            strength=controls.strength,
            engine=controls.engine,
            beat=frame.index,
            age_seconds=(time.monotonic_ns() - frame.captured_ns) / 1e9,
            trouble=controls.trouble,
            frozen=controls.frozen,
            recording=controls.recording,
            warnings=controls.warnings,
            panel=controls.panel if view.panel else (),
            help=view.help,
            outside=view.marks_outside,
        )

    def _bindings(self) -> dict[int, Callable[[], None]]:
        letters = {
            "b": self._toggle_bypass,
            "c": self._hold_original,
            "+": lambda: self._change_strength(STRENGTH_STEP),
            "=": lambda: self._change_strength(STRENGTH_STEP),
            "-": lambda: self._change_strength(-STRENGTH_STEP),
            "v": lambda: self._show_only("split"),
            "s": lambda: self._show_only("side_by_side"),
            "m": lambda: self._toggle("haze"),
            "d": lambda: self._toggle("panel"),
            "h": lambda: self._toggle("help"),
            "t": lambda: self._toggle("marks_outside"),
            "u": lambda: self._toggle("upscale"),
            "[": lambda: self._move_border(-BORDER_STEP),
            "]": lambda: self._move_border(BORDER_STEP),
            "p": self._screenshot,
            "r": self._controls.toggle_recording,
            "f": self._toggle_fullscreen,
            "q": self._leave,
        }
        arrows = {
            _LEFT: lambda: self._move_border(-BORDER_STEP),
            _RIGHT: lambda: self._move_border(BORDER_STEP),
        }
        return {ord(letter): action for letter, action in letters.items()} | arrows

    def _press(self, key: int) -> None:
        action = self._keys.get(key if key in self._keys else key & 0xFF)
        if key != -1 and action is not None:
            action()

    def _toggle_bypass(self) -> None:
        self._controls.bypassed = not self._controls.bypassed

    def _hold_original(self) -> None:
        self._held_until = time.monotonic() + HELD_SECONDS

    def _change_strength(self, step: float) -> None:
        self._controls.strength = round(min(1.0, max(0.0, self._controls.strength + step)), 3)

    def _toggle(self, what: str) -> None:
        setattr(self._view, what, not getattr(self._view, what))

    def _show_only(self, what: str) -> None:
        """Split and side by side exclude each other."""
        before = getattr(self._view, what)
        self._view.split = self._view.side_by_side = False
        setattr(self._view, what, not before)

    def _move_border(self, step: float) -> None:
        self._view.border = min(1.0, max(0.0, self._view.border + step))

    def _on_mouse(self, event: int, x: int, _y: int, flags: int, _: object) -> None:
        if self._view.split and (event == cv2.EVENT_LBUTTONDOWN or flags & cv2.EVENT_FLAG_LBUTTON):
            _, _, width, _ = cv2.getWindowImageRect(self._title)
            self._view.border = min(1.0, max(0.0, x / max(width, 1)))

    def _screenshot(self) -> None:
        if self._frame is not None:
            self._controls.say(save_snapshot(self._frame, self._screenshots))

    def _toggle_fullscreen(self) -> None:
        self._fullscreen = not self._fullscreen
        self._place()

    def _leave(self) -> None:
        self._quit = True
