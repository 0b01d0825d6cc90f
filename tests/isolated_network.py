"""Commands in a network of their own that leads nowhere, and a record of every packet they try to send."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

_EVERYTHING = 0x0003
_IPV4, _IPV6, _TCP, _UDP = 0x0800, 0x86DD, 6, 17
_DOMAIN_PORT = 53
_UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")
_CHECKED_BY_LIBRARIES = ("CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY")
"""Variables by which libraries tell a test run from a user's: they are on their best behaviour then."""


def _can_isolate() -> bool:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0


needs_isolation = pytest.mark.skipif(not _can_isolate(), reason="network namespaces cannot be made here")


def packets_of(commands: Sequence[Sequence[str]], folder: Path, *, seconds: float) -> list[str]:
    """Run commands side by side without any network; what each tried to send, as ``name asked for`` or ``host:port``.

    Every address of the world leads back to the loopback interface, where all packets are recorded. ``folder`` becomes
    home and holds what the commands wrote (``N.log``). Commands still running after ``seconds`` are asked to end.
    """
    record = folder / "packets.json"
    environment = {k: v for k, v in os.environ.items() if k not in _CHECKED_BY_LIBRARIES}
    environment |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / ".cache"), "EID_TEST_FOLDER": str(folder)}
    program = [*_UNSHARE, sys.executable, "-m", "tests.isolated_network", str(record), str(seconds)]
    subprocess.run([*program, json.dumps(commands)], env=environment, cwd=Path(__file__).parents[1], check=True)
    told: list[str] = json.loads(record.read_text())
    return told


def _main(record: str, seconds: str, commands: str) -> None:
    folder = Path(record).parent
    _lead_everything_home(folder)
    sent: list[str] = []
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
    threading.Thread(target=_sniff, args=(sniffer, sent), daemon=True).start()
    _run(json.loads(commands), folder, os.environ, float(seconds))
    time.sleep(0.2)
    Path(record).write_text(json.dumps(list(dict.fromkeys(sent))))


def _lead_everything_home(folder: Path) -> None:
    """The name server is this machine; with the switch file of names gone, nobody but a name server is asked."""
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    for command in (
        ("ip", "link", "set", "lo", "up"),
        ("ip", "route", "add", "local", "default", "dev", "lo"),
        ("mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"),
        ("mount", "--bind", str(folder / "nsswitch.conf"), "/etc/nsswitch.conf"),
    ):
        subprocess.run(command, check=command[1] != "route", capture_output=True)


def _run(commands: Sequence[Sequence[str]], folder: Path, environment: Mapping[str, str], seconds: float) -> None:
    until = time.monotonic() + seconds
    running = []
    for number, command in enumerate(commands):
        with (folder / f"{number}.log").open("wb") as log:
            running.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    for process in running:
        try:
            process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
    for process in running:
        process.wait(timeout=20)


def _sniff(sniffer: socket.socket, sent: list[str]) -> None:
    while True:
        frame, (_, _, direction, *_) = sniffer.recvfrom(65535)
        told = _describe(frame) if direction == socket.PACKET_OUTGOING else ""
        if told:
            sent.append(told)


def _describe(frame: bytes) -> str:
    """What a packet is for: empty for answers, and for a machine talking to itself beyond names."""
    (kind,) = struct.unpack("!H", frame[12:14])
    packet = frame[14:]
    if kind == _IPV4:
        header, protocol = (packet[0] & 15) * 4, packet[9]
        host = socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif kind == _IPV6:
        header, protocol = 40, packet[6]
        host = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        return ""
    if protocol not in (_TCP, _UDP):
        return ""
    (port,) = struct.unpack("!H", packet[header + 2 : header + 4])
    if protocol == _UDP and port == _DOMAIN_PORT:
        return f"{_name(packet[header + 8 :])} asked for"
    return "" if host in ("127.0.0.1", "::1") else f"{host}:{port}"


def _name(query: bytes) -> str:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels)


if __name__ == "__main__":
    _main(*sys.argv[1:])
