from pathlib import Path

from eid_stream.archive.manifest import NAME, Entry, Manifest


def test_the_last_line_of_an_output_counts_and_is_read_again(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.write(Entry(output="a.mp4", source="/in/a.mp4", state="running"))
    manifest.write(Entry(output="b.mp4", source="/in/b.mp4", state="failed", sentence="The disk is full."))
    manifest.write(Entry(output="a.mp4", source="/in/a.mp4", state="done", frames=7))
    again = Manifest(tmp_path)
    assert [(entry.output, entry.state, entry.frames) for entry in again.entries] == [
        ("a.mp4", "done", 7),
        ("b.mp4", "failed", 0),
    ]
    assert again["missing.mp4"] is None


def test_a_line_that_a_crash_cut_off_is_passed_over(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.write(Entry(output="a.mp4", source="/in/a.mp4", state="done"))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"output": "b.mp4", "sta')
    again = Manifest(tmp_path)
    assert [entry.output for entry in again.entries] == ["a.mp4"]
    again.write(Entry(output="c.mp4", source="/in/c.mp4", state="done"))
    assert Manifest(tmp_path)["c.mp4"] is not None


def test_a_line_of_a_later_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"output": "a.mp4", "source": "x", "state": "done", "new": 1}\n', encoding="utf-8")
    entry = Manifest(tmp_path)["a.mp4"]
    assert entry is not None
    assert entry.state == "done"
