"""What ``--list-devices`` tells."""

import platform
from pathlib import Path

from eid_stream.sources.live.v4l2 import Device, choose_mode, list_devices


def describe_devices(folder: Path = Path("/dev")) -> str:
    """Capture devices with their modes, the one that would be chosen marked; a sentence where there are none."""
    devices = list_devices(folder)
    if devices:
        return "\n".join(_describe(device) for device in devices) + "\n"
    if platform.system() == "Linux":
        return (
            f"There is no video capture device in {folder} (V4L2). Is the camera plugged in, and may you read it "
            "(group video)? Without one, try --source lavfi:testsrc2=size=1280x720:rate=30 or phantom:?realtime=1.\n"
        )
    return "Devices can be listed on Linux only. Cameras are numbered: try --source camera:0, camera:1, ...\n"


def _describe(device: Device) -> str:
    chosen = choose_mode(device.modes)
    lines = [f"{device.path}  {device.name}"]
    lines += [f"  {'*' if mode == chosen else ' '} {mode}" for mode in device.modes]
    if not device.modes:
        lines.append("    delivers what its input signal is")
    return "\n".join(lines)
