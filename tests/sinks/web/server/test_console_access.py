"""What a stranger on the network, a foreign page and a broken client can do: nothing."""

import http.client
import json
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from eid_stream.core.errors import SinkOpenError
from eid_stream.sinks.web.server.listener import Address
from eid_stream.sinks.web.web_console import WebConsole
from tests.sinks.web.fake_run import FakeRun, client, frame, hear, say, see, serving, watch

TOKEN = "correct-horse-battery"
GARBAGE = ("{", "[]", '{"do":"strength","value":9}', "\x00", '{"do":"quit"}')


def get(console: WebConsole, path: str, *, method: str = "GET", body: str = "", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie") or ""
    content = answer.read() if not cookie else cookie.encode()
    connection.close()
    return answer.status, content


def hangs_up(socket: ClientConnection) -> bool:
    """Whether the console ends the connection soon."""
    with suppress(TimeoutError):
        try:
            while True:
                socket.recv(timeout=5)
        except ConnectionClosed:
            return True
    return False


def knock(console: WebConsole, token: str) -> tuple[int, bytes]:
    home = f"http://127.0.0.1:{console.port}"
    return get(console, "/session", method="POST", body=json.dumps({"token": token}), Origin=home)


def test_the_page_and_all_it_needs_come_from_here(tmp_path: Path) -> None:
    with serving(tmp_path) as console:
        status, page = get(console, "/")
        assert status == 200
        assert b"http://" not in page
        assert b"https://" not in page
        for name in ("console.css", "console.js", "painter.js", "icon.svg"):
            assert get(console, f"/page/{name}")[0] == 200


def test_a_foreign_name_for_this_machine_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as console:
        assert get(console, "/recordings", Host="evil.example")[0] == 403
        assert get(console, "/recordings", Host=f"localhost:{console.port}")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a_page_of_another_origin_gets_no_connection(tmp_path: Path, origin: str) -> None:
    with serving(tmp_path) as console, pytest.raises(InvalidStatus), client(console, origin=origin):
        pass


def test_without_the_token_nothing_is_seen_and_nothing_is_steered(tmp_path: Path) -> None:
    (tmp_path / "secret.mkv").write_bytes(b"a patient")
    with serving(tmp_path, token=TOKEN) as console:
        assert get(console, "/")[0] == 200
        assert get(console, "/recordings")[0] == 403
        assert get(console, "/recordings/secret.mkv")[0] == 403
        with pytest.raises(InvalidStatus), client(console):
            pass
        with pytest.raises(InvalidStatus), client(console, cookie="eid-stream=wrong"):
            pass
        assert knock(console, "wrong")[0] == 403


def test_the_token_opens_the_door(tmp_path: Path) -> None:
    (tmp_path / "op.mkv").write_bytes(b"a recording")
    with serving(tmp_path, token=TOKEN) as console:
        status, cookie = knock(console, TOKEN)
        assert status == 204
        assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.decode().split("; "))
        admitted = cookie.decode().split(";")[0]
        assert get(console, "/recordings/op.mkv", Cookie=admitted) == (200, b"a recording")
        with client(console, cookie=admitted) as socket:
            say(socket, "strength", 0.4)
            assert hear(socket, "state")["steering"]


def test_a_session_is_not_opened_from_another_origin(tmp_path: Path) -> None:
    with serving(tmp_path, token=TOKEN) as console:
        told = json.dumps({"token": TOKEN})
        assert get(console, "/session", method="POST", body=told, Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize(
    "name",
    ["../secret.mkv", "..%2fsecret.mkv", "%2e%2e/secret.mkv", "..%5csecret.mkv", "linked.mkv", ".hidden.mkv",
     "notes.txt", "folder.mkv", "%00.mkv", "/etc/passwd", "%2fetc%2fpasswd"],
)  # fmt: skip
def test_no_file_but_the_recordings_can_be_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "screenshots"
    (folder / "folder.mkv").mkdir(parents=True)
    (tmp_path / "secret.mkv").write_bytes(b"secret")
    for inside in (".hidden.mkv", "notes.txt"):
        (folder / inside).write_bytes(b"secret")
    (folder / "linked.mkv").symlink_to(tmp_path / "secret.mkv")
    with serving(folder) as console:
        status, content = get(console, f"/recordings/{name}")
        assert status in (403, 404)
        assert b"secret" not in content
        assert get(console, "/recordings")[1] == b"[]"


def test_the_files_of_the_page_do_not_open_the_folders_around_them(tmp_path: Path) -> None:
    with serving(tmp_path) as console:
        for path in ("/page/../web_console.py", "/page/%2e%2e/web_console.py", "/page/..%2fweb_console.py", "/page/"):
            assert get(console, path)[0] == 404


def test_ten_thousand_messages_of_garbage_change_nothing(tmp_path: Path) -> None:
    run = FakeRun()
    with serving(tmp_path, run) as console, client(console) as good:
        watch(good)
        hear(good, "state")
        sent = 0
        while sent < 10_000:
            with client(console) as bad, suppress(ConnectionClosed):
                for number in range(500):
                    sent += 1
                    bad.send(GARBAGE[number % len(GARBAGE)])
                assert hangs_up(bad)
        console.write(frame(1))
        assert see(good)[0]["number"] == 1
        assert (run.strength, run.bypassed, run.recording) == (1.0, False, "")


@pytest.mark.parametrize("message", ["x" * 5000, b"\xff" * 5000])
def test_a_long_message_ends_its_connection(tmp_path: Path, message: str | bytes) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        socket.send(message)
        assert hangs_up(socket)


def test_a_flood_of_messages_ends_its_connection(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        with suppress(ConnectionClosed):
            for number in range(5000):
                say(socket, "seen", number)
        assert hangs_up(socket)


def test_there_is_room_for_so_many_viewers_and_no_more(tmp_path: Path) -> None:
    with serving(tmp_path) as console, ExitStack() as looking:
        for _ in range(32):
            looking.enter_context(client(console))
        with pytest.raises(InvalidStatus), client(console):
            pass


def test_a_port_that_is_taken_is_told_in_one_sentence(tmp_path: Path) -> None:
    with serving(tmp_path) as console:
        taken = serving(tmp_path, address=Address(port=console.port))
        with pytest.raises(SinkOpenError, match=f"port {console.port}.*Choose another port"), taken:
            pass
