"""A real Firefox, spoken to by WebDriver BiDi: playwright drives only a Firefox of its own making."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
needs_firefox = pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed")
SILENT = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
_ANSWER_SECONDS = 60.0
_BIDI = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class FirefoxPage:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self._order("session.new", capabilities={})
        self._tab = str(self._order("browsingContext.create", type="tab")["context"])
        self._order("browsingContext.setViewport", context=self._tab, viewport={"width": 1280, "height": 800})

    def goto(self, address: str) -> None:
        """Load a page to its end."""
        self._order("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """What an expression, or its promise, comes to."""
        wrapped = f"(async () => JSON.stringify(await ({expression})))()"
        told = self._order("script.evaluate", expression=wrapped, target={"context": self._tab}, awaitPromise=True)
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def press(self, key: str) -> None:
        """Press and release a key, as a hand would."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._order(
            "input.performActions", context=self._tab, actions=[{"type": "key", "id": "keys", "actions": actions}]
        )

    def _order(self, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while (told := json.loads(self._socket.recv(timeout=_ANSWER_SECONDS))).get("id") != self._count:
            pass
        assert "error" not in told, told
        return dict(told["result"])


@contextmanager
def firefox_page() -> "Iterator[FirefoxPage]":
    """A tab of a Firefox without a screen, with a fresh profile; gone afterwards."""
    assert FIREFOX is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        wishes = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in SILENT.items()]
        (Path(profile) / "user.js").write_text("\n".join(wishes), encoding="utf-8")
        command = [FIREFOX, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stderr is not None
                found = next(match for line in process.stderr if (match := _BIDI.search(line)))
                with connect(f"{found[1]}/session", max_size=None, proxy=None) as socket:
                    yield FirefoxPage(socket)
            finally:
                process.kill()
