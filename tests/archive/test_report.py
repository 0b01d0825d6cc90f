from pathlib import Path

from eid_stream.archive.haze_table import write_haze_table
from eid_stream.archive.manifest import Entry, Manifest
from eid_stream.archive.report import worst_seconds, write_report
from tests.media.writing import Clip, write_clip


def archive(folder: Path) -> Manifest:
    source, out = folder / "in", folder / "out"
    source.mkdir()
    out.mkdir()
    for path in (source / "a.mp4", out / "a.mp4"):
        write_clip(path, Clip(frames=30))
    manifest = Manifest(out)
    curve = [0.05, None, 0.6]
    done = Entry(
        output="a.mp4", source=str(source / "a.mp4"), state="done", frames=30, video_seconds=3.0, haze_per_second=curve
    )
    manifest.write(done)
    manifest.write(Entry(output="<b>.mp4", source="b", state="failed", sentence="No video & no sound."))
    return manifest


def test_the_table_has_a_line_for_every_second_that_was_looked_at(tmp_path: Path) -> None:
    table = write_haze_table(archive(tmp_path)).read_text(encoding="utf-8")
    assert table.splitlines() == ["video,second,density", "a.mp4,0,0.05", "a.mp4,2,0.6"]


def test_the_report_is_one_page_with_curves_worst_moments_and_what_failed(tmp_path: Path) -> None:
    page = write_report(archive(tmp_path)).read_text(encoding="utf-8")
    assert "1 video of 0:00:03, of which 0:00:01 hold haze; 1 failed." in page
    assert "<polygon points=" in page
    assert page.count('src="data:image/jpeg;base64,') == 2
    assert "No video &amp; no sound." in page
    assert "&lt;b&gt;.mp4" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_source_that_is_gone_leaves_its_picture_out(tmp_path: Path) -> None:
    manifest = archive(tmp_path)
    (tmp_path / "in" / "a.mp4").unlink()
    assert write_report(manifest).read_text(encoding="utf-8").count("data:image/jpeg") == 1


def test_worst_moments_are_hazy_and_far_apart() -> None:
    curve: list[float | None] = [0.0] * 100
    curve[10], curve[12], curve[50], curve[80], curve[99] = 0.9, 0.8, 0.5, 0.09, 0.3
    assert worst_seconds(curve) == [10, 50, 99]
