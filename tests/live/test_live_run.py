"""Live runs of the command without a window: recordings, outlets, metrics, endings."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import av
import pytest

from tests.senders import FFMPEG, QUIET, ffmpeg, ffmpeg_protocols, free_port, needs_ffmpeg, over_udp, sending

SOURCE = "lavfi:testsrc2=size=160x120:rate=25,format=yuv420p"
WITHOUT_DISPLAY = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
PATIENCE_SECONDS = 120.0
PATIENT = ("--engine", "prior", "--deadline", "1000", "--map-age-limit", "30000", "--latency-limit", "30000")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "eid_stream", *arguments, *PATIENT]


def run(*arguments: str, given: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        command(*arguments),
        env=WITHOUT_DISPLAY,
        input=given,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(command(*arguments), env=WITHOUT_DISPLAY, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(true: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.1)


def pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_segments_original_and_enhanced_stay_in_step(tmp_path: Path) -> None:
    out, original, stats = (tmp_path / name for name in ("clear.mp4", "original.mkv", "stats.json"))
    done = run(
        *("--source", SOURCE, "--duration", "3", "--segment", "1s", "--stats", str(stats)),
        *("--out", str(out), "--record-original", str(original)),
    )
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    segments = [
        f"{stem}-00{number}{end}" for stem, end in (("clear", ".mp4"), ("original", ".mkv")) for number in (1, 2, 3)
    ]
    assert names == [*segments, "stats.json"]
    told = json.loads(stats.read_text())
    dropped = sum(told["drops"].values())
    assert sum(pictures(tmp_path / name) for name in segments[:3]) >= 75 - dropped
    with av.open(str(tmp_path / "clear-001.mp4")) as container:
        assert "not for diagnosis" in str(container.metadata)
    with av.open(str(tmp_path / "original-001.mkv")) as container:
        assert "not for diagnosis" not in str(container.metadata)


def test_a_killed_recording_plays_up_to_its_last_second(tmp_path: Path) -> None:
    out = tmp_path / "clear.mkv"
    part = tmp_path / "clear.mkv.part"
    with running("--source", SOURCE, "--out", str(out)) as process:
        wait_until(lambda: part.exists() and part.stat().st_size > 40_000, "nothing is recorded")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not out.exists()
    assert pictures(part) > 10


def test_a_terminated_recording_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "clear.mkv"
    part = tmp_path / "clear.mkv.part"
    with running("--source", SOURCE, "--out", str(out)) as process:
        wait_until(lambda: part.exists() and part.stat().st_size > 60_000, "nothing is recorded")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 128 + signal.SIGTERM
    assert not part.exists()
    assert pictures(out) > 10


def test_an_outlet_that_nobody_receives_does_not_touch_the_others(tmp_path: Path) -> None:
    out, stats = tmp_path / "clear.mkv", tmp_path / "stats.json"
    nobody = f"rtmp://user:secret@127.0.0.1:{free_port()}/live"
    done = run(
        *("--source", SOURCE, "--duration", "2", "--stats", str(stats)),
        *("--out", str(out), "--also-out", nobody, "--also-out", "null:"),
    )
    assert done.returncode == 5, done.stderr
    assert b"Nobody has received any of" in done.stderr
    assert b"secret" not in done.stderr
    assert "secret" not in stats.read_text()
    told = json.loads(stats.read_text())
    assert told["missed_frames"]["rtmp"] > told["written_frames"]["rtmp"] == 0
    reached = told["frames"] - told["drops"].get("dehaze", 0)
    assert told["written_frames"]["null"] + told["drops"].get("null", 0) == reached
    assert pictures(out) == told["written_frames"]["record"] > 0


def test_a_recording_without_a_dehazed_frame_is_neither_a_success_nor_tagged_as_enhanced(tmp_path: Path) -> None:
    flag, out = tmp_path / "faulty", tmp_path / "clear.mkv"
    flag.touch()
    recordings = ("--out", str(out), "--record-original", str(tmp_path / "op.mkv"))
    arguments = ("--source", SOURCE, "--duration", "1", *recordings)
    done = subprocess.run(
        [sys.executable, "-m", "tests.live.live_with_faults", "nan", str(flag), *arguments, *PATIENT],
        env=WITHOUT_DISPLAY, capture_output=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert b"Not one of" in done.stderr
    assert pictures(out) > 0
    with av.open(str(out)) as container:
        assert container.metadata["ENHANCED"].startswith("NOT ENHANCED")


@needs_ffmpeg
@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "udp", "srt"])
def test_a_real_receiver_gets_the_stream(tmp_path: Path, scheme: str) -> None:
    got = tmp_path / "got.mkv"
    if scheme == "srt" and "srt" not in ffmpeg_protocols():
        pytest.skip("the ffmpeg program has no SRT")
    port = free_port(socket.SOCK_DGRAM if scheme in ("udp", "srt") else socket.SOCK_STREAM)
    address = f"{scheme}://127.0.0.1:{port}" + ("" if scheme in ("udp", "srt") else "/live")
    listen = {"rtsp": ("-rtsp_flags", "listen"), "rtmp": ("-listen", "1"), "udp": (), "srt": ("-mode", "listener")}[
        scheme
    ]
    receive = (*listen, "-i", address, "-frames:v", "25", "-c", "copy", "-y", str(got))
    with ffmpeg(*receive) as receiver, running("--source", SOURCE, "--out", address) as sender:
        receiver.wait(timeout=PATIENCE_SECONDS)
        sender.send_signal(signal.SIGTERM)
        sender.communicate(timeout=PATIENCE_SECONDS)
    assert pictures(got) >= 20


@needs_ffmpeg
def test_a_pipe_is_read_and_written(tmp_path: Path) -> None:
    made = subprocess.run(
        [str(FFMPEG), *QUIET, *sending("-frames:v", "40", "-f", "mpegts", "-")[1:]], capture_output=True, check=True
    )
    done = run("--source", "-", "--out", str(tmp_path / "clear.mkv"), given=made.stdout)
    assert done.returncode == 0, done.stderr
    assert pictures(tmp_path / "clear.mkv") == 40
    stats = tmp_path / "stats.json"
    piped = run("--source", SOURCE, "--out", "-", "--duration", "1", "--stats", str(stats))
    assert piped.returncode == 0, piped.stderr
    (tmp_path / "piped.mkv").write_bytes(piped.stdout)
    assert pictures(tmp_path / "piped.mkv") == json.loads(stats.read_text())["written_frames"]["standard output"] > 0


def test_metrics_are_served_on_the_loopback_interface_only() -> None:
    pytest.importorskip("prometheus_client", reason="the extra metrics is not installed")
    port = free_port()
    with running("--source", SOURCE, "--out", "null:", "--metrics", str(port)) as process:

        def scraped() -> str:
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    return str(answer.read().decode())
            except OSError:
                return ""

        wait_until(lambda: 'eid_stream_written_frames_total{outlet="null"}' in scraped(), "no metrics")
        text = scraped()
        assert 'eid_stream_stage_quantile_seconds{quantile="0.99",stage="capture to null"}' in text
        assert listening_addresses(process.pid) == {"127.0.0.1"}


def listening_addresses(process: int) -> set[str]:
    """IPv4 addresses on which a process accepts connections, from the kernel's own table."""
    sockets = {str(entry.readlink()) for entry in Path(f"/proc/{process}/fd").iterdir() if entry.is_symlink()}
    found = set()
    for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
            found.add(socket.inet_ntoa(bytes.fromhex(fields[1].split(":")[0])[::-1]))
    return found


def test_without_metrics_nobody_can_connect() -> None:
    with running("--source", SOURCE, "--out", "null:") as process:
        time.sleep(2.0)
        assert process.poll() is None
        assert listening_addresses(process.pid) == set()


def test_a_comparison_without_a_window_is_refused_rather_than_forgotten() -> None:
    done = run("--source", SOURCE, "--out", "null:", "--compare", "split")
    assert (done.returncode, b"--compare" in done.stderr) == (2, True)


def test_without_a_display_the_window_says_what_to_do_instead() -> None:
    done = subprocess.run(
        command("--source", SOURCE), env=WITHOUT_DISPLAY, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "--out" in done.stderr) == (5, True)


@needs_ffmpeg
def test_a_recording_goes_on_across_a_lost_sender(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    out = tmp_path / "clear.mkv"
    part = tmp_path / "clear.mkv.part"
    with (
        ffmpeg(*sending(*over_udp(port))) as first,
        running("--source", f"udp://127.0.0.1:{port}", "--out", str(out)) as process,
    ):
        wait_until(lambda: part.exists() and part.stat().st_size > 5_000, "nothing is recorded")
        first.kill()
        first.wait()
        time.sleep(3.0)
        size = part.stat().st_size
        with ffmpeg(*sending(*over_udp(port))):
            wait_until(lambda: part.stat().st_size > size + 20_000, "recording does not go on")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)
    with av.open(str(out)) as container:
        times = [float(picture.time or 0.0) for picture in container.decode(video=0)]
    assert times == sorted(times)
    assert max(later - earlier for earlier, later in pairwise(times)) >= 2.0
