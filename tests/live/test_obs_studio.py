"""A real OBS Studio takes the stream as docs/outlets.md says."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import wait_for
from tests.screen import SCREEN, count, needs_screen, screenshot, virtual_screen
from tests.senders import free_port

OBS = shutil.which("obs")
pytestmark = [needs_screen, pytest.mark.skipif(OBS is None, reason="OBS Studio is not installed")]
MAGENTA = (0xA0, 0x20, 0xC0)
"""BGR; nothing of OBS itself has this colour."""
GLOBAL = """
[General]
FirstRun=true
InfoIncrement=100
EnableAutoUpdates=false
[Basic]
Profile=Untitled
ProfileDir=Untitled
SceneCollection=Untitled
SceneCollectionFile=Untitled
[OBSWebSocket]
FirstLoad=false
ServerEnabled=false
"""


def configured(home: Path, address: str) -> None:
    """One scene with one Media Source."""
    base = home / ".config" / "obs-studio"
    (base / "basic" / "scenes").mkdir(parents=True)
    (base / "basic" / "profiles" / "Untitled").mkdir(parents=True)
    (base / "global.ini").write_text(GLOBAL)
    (base / "basic" / "profiles" / "Untitled" / "basic.ini").write_text("[General]\nName=Untitled\n")
    media = {"is_local_file": False, "input": address, "input_format": "mpegts", "buffering_mb": 0, "hw_decode": False}
    whole = {"x": 1920.0, "y": 1080.0}
    placed = {"name": "clear", "id": 1, "visible": True, "bounds_type": 2, "bounds": whole, "align": 5}
    sources = [
        {"id": "scene", "name": "Scene", "settings": {"id_counter": 1, "items": [placed]}},
        {"id": "ffmpeg_source", "name": "clear", "settings": media},
    ]
    scenes = {"current_scene": "Scene", "current_program_scene": "Scene", "name": "Untitled", "sources": sources}
    (base / "basic" / "scenes" / "Untitled.json").write_text(json.dumps(scenes | {"scene_order": [{"name": "Scene"}]}))


def test_obs_studio_shows_what_is_sent_to_it_by_udp(tmp_path: Path) -> None:
    address = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    configured(tmp_path, address)
    colour = "".join(f"{channel:02x}" for channel in reversed(MAGENTA))
    source = f"lavfi:color=c=0x{colour}:size=320x180:rate=10,format=yuv420p"
    sender = [sys.executable, "-m", "eid_stream", "--source", source, "--out", address, "--strength", "0"]
    sender += ["--engine", "prior", "--no-window"]
    with virtual_screen() as display:
        others = {
            name: value for name, value in os.environ.items() if not name.startswith("QT_")
        }  # OpenCV sets its own
        own = {"DISPLAY": display, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")}
        with (
            subprocess.Popen(sender, stderr=subprocess.DEVNULL) as sending,
            subprocess.Popen(
                [str(OBS), "--multi", "--disable-updater", "--disable-missing-files-check"],
                env=others | own | {"LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as obs,
        ):
            try:
                everywhere = {"rows": slice(0, SCREEN[1]), "columns": slice(0, SCREEN[0])}
                wait_for(
                    lambda: count(screenshot(display), MAGENTA, **everywhere) > 20_000, "OBS does not show the picture"
                )
            finally:
                obs.kill()
                sending.kill()
