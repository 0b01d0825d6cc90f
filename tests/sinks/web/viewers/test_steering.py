"""What those who look on may do to the run."""

from pathlib import Path

from tests.command import wait_until
from tests.sinks.web.fake_run import FakeRun, client, frame, hear, say, serving, settle


def test_one_viewer_steers_and_another_may_take_over(tmp_path: Path) -> None:
    run = FakeRun()
    with serving(tmp_path, run) as console, client(console) as one, client(console) as two:
        say(one, "strength", 0.5)
        settle(console, one)
        say(two, "strength", 0.1)
        settle(console, two)
        assert run.strength == 0.5
        state = hear(two, "state")
        assert state["steering"] is False
        assert "viewer" in str(state["steered_by"])
        say(two, "steer", True)
        say(two, "strength", 0.1)
        settle(console, two)
        assert run.strength == 0.1


def test_everybody_may_ask_for_the_original_at_any_time(tmp_path: Path) -> None:
    run = FakeRun()
    with serving(tmp_path, run) as console, client(console) as one, client(console) as two:
        say(one, "strength", 0.5)
        settle(console, one)
        say(two, "bypass", True)
        settle(console, two)
        assert run.bypassed
        say(two, "bypass", False)
        settle(console, two)
        assert run.bypassed, "only the one who steers ends it"


def test_a_page_that_goes_away_changes_nothing_in_the_run(tmp_path: Path) -> None:
    run = FakeRun()
    with serving(tmp_path, run) as console:
        with client(console) as socket:
            for do, value in (("strength", 0.3), ("bypass", True), ("record", True), ("bookmark", "clip")):
                say(socket, do, value)
            settle(console, socket)
        with client(console) as other:
            state = hear(other, "state")
        assert (run.strength, run.bypassed, run.recording, run.bookmarks) == (0.3, True, "00:00", ["clip"])
        assert state["steered_by"] == ""


def test_recording_is_asked_for_by_what_is_wanted_not_by_a_key(tmp_path: Path) -> None:
    run = FakeRun(recording="00:10")
    with serving(tmp_path, run) as console, client(console) as socket:
        say(socket, "record", True)
        settle(console, socket)
        assert run.recording
        say(socket, "record", False)
        settle(console, socket)
        assert not run.recording


def test_a_photo_is_saved_as_original_and_enhanced(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        console.write(frame(3))
        say(socket, "photo", True)
        wait_until(lambda: len(list(tmp_path.glob("*.png"))) == 2)
