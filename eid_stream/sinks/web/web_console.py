"""The console in the browser: an outlet like any other."""

import logging
import threading
import time
from pathlib import Path

from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sinks.snapshot import save_snapshot
from eid_stream.sinks.web.controls import ConsoleControls
from eid_stream.sinks.web.haze_history import HazeHistory
from eid_stream.sinks.web.pictures.studio import Studio
from eid_stream.sinks.web.server.access import Access
from eid_stream.sinks.web.server.listener import Address, Listener
from eid_stream.sinks.web.server.saved_files import SavedFiles
from eid_stream.sinks.web.viewers.audience import Audience
from eid_stream.sinks.web.viewers.steering_desk import SteeringDesk
from eid_stream.sinks.web.viewers.viewer import Viewer

logger = logging.getLogger("eid_stream.live")

STATE_SECONDS = 0.25


class WebConsole:
    """Serves the page, encodes frames for whoever looks on, and obeys the one who steers.

    Nothing is encoded while nobody looks. Whatever goes wrong here stays here: frames are taken and let go.
    """

    def __init__(
        self, controls: ConsoleControls, info: StreamInfo, *, address: Address, access: Access, folder: Path
    ) -> None:
        """Listen at once; ``folder`` takes photos and holds the recordings that may be downloaded.

        Raises:
            ConfigError: the extra ``web`` is missing, or the TLS files cannot be used.
            SinkOpenError: the port is taken.
        """
        from eid_stream.sinks.web.server.application import ConsoleApplication

        self._controls = controls
        self._info = info
        self._folder = folder
        self._history = HazeHistory()
        self._audience = Audience(self._history)
        self._studio = Studio()
        self._latest: Frame | None = None
        self._closed = threading.Event()
        desk = SteeringDesk(controls, self._audience, tell_state=self._tell_state, take_photo=self._take_photo)
        application = ConsoleApplication(access, self._audience, desk, SavedFiles(folder))
        self._listener = Listener(application.app, address)
        self.port = self._listener.port
        threading.Thread(target=self._keep_telling, name="web state", daemon=True).start()

    @property
    def trouble(self) -> str:
        """What is wrong with the console; empty when all is well."""
        if not self._listener.alive and not self._closed.is_set():
            return "the console in the browser has ended"
        return self._studio.trouble

    def write(self, frame: Frame) -> None:
        """Encode the frame for those who look on; never waits for any of them."""
        self._latest = frame
        self._history.note(frame)
        wishes = self._audience.wishes
        if not wishes:
            return
        picture = self._studio.encode(frame, wishes, key=self._audience.key_is_due(), most_width=self._audience.width)
        self._listener.call(self._audience.show, picture)

    def close(self) -> None:
        """Hang up and stop serving; may be called twice."""
        self._closed.set()
        self._listener.close()

    def _keep_telling(self) -> None:
        while not self._closed.wait(STATE_SECONDS):
            self._listener.call(self._tell_state)

    def _tell_state(self) -> None:
        shared = self._state()
        self._audience.tell_state(lambda viewer: shared | self._place_of(viewer))

    def _state(self) -> dict[str, object]:
        controls, frame, info = self._controls, self._latest, self._info
        return {
            "now": time.monotonic_ns() / 1e6,
            "captured": None if frame is None else frame.captured_ns / 1e6,
            "dehazed": frame is not None and frame.state.dehazed,
            "why": "" if frame is None else frame.state.why,
            "engine": controls.engine,
            "strength": controls.strength,
            "bypassed": controls.bypassed,
            "trouble": controls.trouble,
            "frozen": controls.frozen,
            "recording": controls.recording,
            "warnings": list(controls.warnings),
            "figures": dict(controls.figures),
            "rotation": info.rotation,
            "aspect": float(info.sample_aspect or 1),
            "viewers": len(self._audience.viewers),
        }

    def _place_of(self, viewer: Viewer) -> dict[str, object]:
        writer = self._audience.writer
        return {"you": viewer.name, "steering": writer is viewer, "steered_by": writer.name if writer else ""}

    def _take_photo(self) -> None:
        """Save the newest frame in a thread of its own: a large PNG takes longer than a frame."""
        frame = self._latest
        if frame is not None:
            threading.Thread(
                target=lambda: self._controls.say(save_snapshot(frame, self._folder)), name="web photo", daemon=True
            ).start()
