"""The promise of docs/live.md: nothing is sent anywhere unless you name where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.isolated_network import needs_isolation, packets_of
from tests.media.writing import Clip, write_clip

LONG_ENOUGH_SECONDS = 13
"""ONNX Runtime asks for its maker's host some ten seconds after it is loaded."""
ASKS = "import socket\ntry: socket.getaddrinfo('control.example', 443)\nexcept OSError: pass"
WAITS = f"import onnxruntime, time\ntime.sleep({LONG_ENOUGH_SECONDS - 1})"
VIEWER = """
import json, time
from websockets.sync.client import connect
for _ in range(1600):
    try:
        with connect("ws://127.0.0.1:8765/live", origin="http://127.0.0.1:8765", proxy=None) as socket:
            wanted = {"codec": "jpeg", "original": False, "haze": False, "width": 0}
            socket.send(json.dumps({"do": "watch", "value": wanted}))
            while not isinstance(socket.recv(timeout=60), bytes):
                pass
        print("a picture came", end="")
        break
    except OSError:
        time.sleep(0.05)
"""
EID_STREAM = (sys.executable, "-m", "eid_stream")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@needs_isolation
@pytest.mark.timeout(120)
def test_a_run_asks_for_no_host_and_leaves_no_device_id(tmp_path: Path) -> None:
    live = ("--source", "phantom:?size=64x48&realtime=1", "--duration", str(LONG_ENOUGH_SECONDS - 1))
    commands = [
        (sys.executable, "-c", ASKS),  # shows that a look-up would be seen
        (*EID_STREAM, *live, "--engine", "onnx", "--out", "null:", "--no-window"),
        *((sys.executable, "-c", f"import {package}\n{WAITS}") for package in ("training", "benchmarks", "engines")),
    ]
    assert packets_of(commands, tmp_path, seconds=6 * LONG_ENOUGH_SECONDS) == ["control.example asked for"]
    assert "frames in" in (tmp_path / "1.log").read_text()
    assert {(tmp_path / f"{number}.log").read_text() for number in (2, 3, 4)} == {""}
    own = {f"{number}.log" for number in range(5)} | {"packets.json", "resolv.conf", "nsswitch.conf"}
    strangers = {name for name in files(tmp_path) - own if not name.startswith(".cache/eid-stream/")}
    assert not strangers, "files in the home of the user"


@needs_isolation
@pytest.mark.timeout(240)
def test_the_console_a_virtual_camera_and_dicom_ask_for_no_host(tmp_path: Path) -> None:
    """Starlette, uvicorn, websockets with a viewer at the other end; pyvirtualcam, here without a device; pydicom."""
    pytest.importorskip("pydicom")
    from tests.dicom.made_up_object import write_object

    film = write_clip(tmp_path / "film.mp4", Clip(frames=10, size=(96, 64)))
    write_object(tmp_path / "in.dcm", film.read_bytes(), width=96, height=64, frames=10)
    live = ("--source", "phantom:?size=64x48&realtime=1", "--duration", str(LONG_ENOUGH_SECONDS), "--no-window")
    commands = [
        (sys.executable, "-c", ASKS),
        (*EID_STREAM, *live, "--live", "--web", "8765", "--engine", "prior"),
        (sys.executable, "-c", VIEWER),
        (*EID_STREAM, *live, "--live", "--virtual-camera", "/dev/video99", "--engine", "prior"),
        (*EID_STREAM, "--source", str(tmp_path / "in.dcm"), "--out", str(tmp_path / "out.dcm"), "--engine", "prior"),
    ]
    assert packets_of(commands, tmp_path, seconds=10 * LONG_ENOUGH_SECONDS) == ["control.example asked for"]
    told = [(tmp_path / f"{number}.log").read_text() for number in range(5)]
    assert "frames in" in told[1]
    assert told[2] == "a picture came"
    assert "/dev/video99" in told[3]
    assert "Written as a derived DICOM object" in told[4]


@pytest.mark.parametrize("package", ["eid_stream", "training", "benchmarks", "engines", "tests"])
def test_telemetry_is_off_before_anything_else_is_loaded(package: str) -> None:
    """Whatever a user or a library may have said."""
    program = f"import {package}, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
