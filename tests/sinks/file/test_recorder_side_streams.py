"""What a recording keeps besides the picture: sound, subtitles, chapters, attachments, covers, tags."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.media.reading import Track, read_tracks
from tests.media.side_streams import Attachment, Sound, Subtitles
from tests.media.writing import Clip, write_clip
from tests.stand_ins.passthrough import pass_through

LINES = ((0.5, 1.0, "First incision"), (1.5, 2.5, "Gallbladder, très bien"))
CHAPTERS = ((0.0, 1.0, "Access"), (1.0, 3.0, "Dissection"))
FONT = Attachment("font.ttf", "font/ttf", bytes(range(256)) * 4)
NOTE = Attachment("note.txt", "text/plain", b"no patient data")
TWO_SOUNDS = (Sound(language="deu", seconds=3), Sound(codec="pcm_s16le", language="fra", hertz=880, seconds=3))


def tracks(path: Path, kind: str) -> list[Track]:
    return [track for track in read_tracks(path) if track.type == kind]


def words(path: Path) -> list[tuple[Fraction, Fraction, bytes]]:
    """Begin, duration and text of every subtitle, without the gaps that MP4 stores as empty ones."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        is_mov_text = stream.codec_context.name == "mov_text"
        return [
            (
                (packet.pts or 0) * packet.time_base,
                (packet.duration or 0) * packet.time_base,
                bytes(packet)[2 if is_mov_text else 0 :],
            )
            for packet in container.demux(stream)
            if packet.size > 2
        ]


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("two.mkv", Clip(frames=75, sounds=TWO_SOUNDS)),
        ("two.mp4", Clip(frames=75, options={"bf": "3"}, sounds=TWO_SOUNDS)),
        ("late.mp4", Clip(frames=75, sounds=[Sound(start=Fraction(1, 2))])),
        ("beside-text.mp4", Clip(frames=75, sounds=TWO_SOUNDS, subtitles=[Subtitles("mov_text", LINES)])),
    ],
)
def test_sound_is_copied_packet_by_packet_with_its_times(tmp_path: Path, name: str, clip: Clip, extension: str) -> None:
    source = write_clip(tmp_path / name, clip)
    before, after = tracks(source, "audio"), tracks(pass_through(source, tmp_path / f"out{extension}").path, "audio")
    assert [(t.codec, t.payloads) for t in after] == [(t.codec, t.payloads) for t in before]
    tolerance = Fraction(1, 2000) if ".mkv" in (extension, source.suffix) else 0
    for old, new in zip(before, after, strict=True):
        assert max(abs(a - b) for a, b in zip(old.seconds, new.seconds, strict=True)) <= tolerance
        assert new.metadata.get("language", "und") == old.metadata.get("language", "und") or extension == ".mov"


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize(("name", "codec"), [("text.mp4", "mov_text"), ("text.mkv", "srt")])
def test_text_subtitles_are_copied_or_converted(tmp_path: Path, name: str, codec: str, extension: str) -> None:
    clip = Clip(frames=75, sounds=[Sound(seconds=3)], subtitles=[Subtitles(codec, LINES)])
    source = write_clip(tmp_path / name, clip)
    passed = pass_through(source, tmp_path / f"out{extension}")
    assert not any("left out" in note for note in passed.notes)
    assert words(passed.path) == [
        (Fraction(begin), Fraction(end) - Fraction(begin), text.encode()) for begin, end, text in LINES
    ]
    assert tracks(passed.path, "subtitle")[0].metadata["language"] == "eng"


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
def test_subtitles_with_long_pauses_between_them_keep_their_times(tmp_path: Path, extension: str) -> None:
    """FFmpeg ends the process by an assertion where it meets such subtitles among fragments."""
    lines = ((0.2, 0.4, "trocar"), (0.5, 1.5, "grasper"), (2.3, 2.9, "hook"), (4.4, 5.9, "clip"), (6.01, 6.3, "bag"))
    clip = Clip(frames=175, sounds=[Sound(codec="pcm_s16le", seconds=7)], subtitles=[Subtitles("srt", lines)])
    out = pass_through(write_clip(tmp_path / "long.mkv", clip), tmp_path / f"out{extension}").path
    assert [(float(begin), text.decode()) for begin, _, text in words(out)] == [
        (begin, text) for begin, _, text in lines
    ]


@pytest.mark.parametrize("extension", [".mp4", ".mov"])
def test_subtitles_that_overlap_begin_when_they_did_and_end_where_the_next_begins(
    tmp_path: Path, extension: str
) -> None:
    """In two tracks, one of which overlaps itself across several fragments."""
    lines = ((0.0, 5.0, "trocar"), (3.0, 6.5, "grasper"), (3.2, 3.3, "hook"), (6.5, 9.0, "clip"))
    texts = [Subtitles("srt", lines), Subtitles("srt", ((2.0, 4.0, "irrigation"),), language="deu")]
    clip = Clip(frames=200, sounds=[Sound(seconds=8)], subtitles=texts)
    out = pass_through(write_clip(tmp_path / "overlap.mkv", clip), tmp_path / f"out{extension}").path
    assert [(float(begin), float(length), text) for begin, length, text in words(out)] == [
        (0.0, 3.0, b"trocar"),
        (3.0, 0.2, b"grasper"),
        (3.2, 0.1, b"hook"),
        (6.5, 2.5, b"clip"),
    ]
    assert len(tracks(out, "subtitle")) == 2


def chapters(path: Path) -> list[tuple[Fraction, Fraction, str]]:
    with av.open(str(path)) as container:
        return [
            (Fraction(c["start"]) * (c["time_base"] or 1), Fraction(c["end"]) * (c["time_base"] or 1), title)
            for c in container.chapters()
            for title in [c["metadata"]["title"]]
        ]


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
def test_chapters_and_tags_are_kept_and_the_mark_is_added(tmp_path: Path, extension: str) -> None:
    clip = Clip(frames=75, chapters=CHAPTERS, metadata={"title": "Lap chole", "theatre": "OR 3"})
    passed = pass_through(write_clip(tmp_path / "clip.mkv", clip), tmp_path / f"out{extension}")
    assert chapters(passed.path) == [(Fraction(begin), Fraction(end), title) for begin, end, title in CHAPTERS]
    with av.open(str(passed.path)) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
    assert (tags["title"], tags["theatre"], tags["enhanced"]) == ("Lap chole", "OR 3", "by a test")


def test_attachments_go_into_matroska_and_are_named_where_they_cannot_go(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", Clip(attachments=[FONT, NOTE]))
    whole = pass_through(source, tmp_path / "out.mkv")
    with av.open(str(whole.path)) as container:
        attached = {s.name: (s.mimetype, s.data) for s in container.streams.attachments}
    assert attached == {a.name: (a.mimetype, a.data) for a in (FONT, NOTE)}
    assert whole.notes == []
    notes = pass_through(source, tmp_path / "out.mp4").notes
    assert [("font.ttf" in note, "note.txt" in note) for note in notes] == [(True, False), (False, True)]


def test_a_cover_picture_stays_one_in_matroska_and_is_said_to_be_left_out_of_mp4(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "covered.mp4", Clip(cover=True, sounds=[Sound()]))
    assert any("png" in note for note in pass_through(source, tmp_path / "out.mp4").notes)
    between = pass_through(source, tmp_path / "out.mkv").path
    for path in (between, pass_through(between, tmp_path / "again.mkv").path):
        covers = [t for t in tracks(path, "video") if t.disposition & av.stream.Disposition.attached_pic]
        assert [cover.payloads for cover in covers] == [tracks(source, "video")[1].payloads]


def test_a_second_video_is_copied_and_said_not_to_be_enhanced(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv")
    both = tmp_path / "both.mkv"
    with av.open(str(clip)) as first, av.open(str(clip)) as second, av.open(str(both), "w") as target:
        streams = [target.add_stream_from_template(c.streams.video[0], opaque=True) for c in (first, second)]
        for container, stream in zip((first, second), streams, strict=True):
            for packet in container.demux():
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
    passed = pass_through(both, tmp_path / "out.mkv")
    assert any("not enhanced" in note for note in passed.notes)
    assert tracks(passed.path, "video")[1].payloads == tracks(both, "video")[1].payloads


@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_a_window_cuts_everything_at_the_same_place(tmp_path: Path, extension: str) -> None:
    clip = Clip(
        frames=100,
        sounds=[Sound(codec="pcm_s16le", seconds=4)],
        subtitles=[Subtitles("srt", ((0.2, 0.4, "before"), (0.5, 1.5, "across"), (1.7, 1.8, "within")))],
        chapters=((0.0, 1.5, "Access"), (1.5, 4.0, "Dissection")),
    )
    source = write_clip(tmp_path / "long.mkv", clip)
    out = pass_through(source, tmp_path / f"out{extension}", start=Fraction(1), duration=Fraction(1)).path
    old, new = tracks(source, "audio")[0], tracks(out, "audio")[0]
    inside = [
        (seconds - 1, payload) for seconds, payload in zip(old.seconds, old.payloads, strict=True) if 1 <= seconds < 2
    ]
    assert new.payloads == tuple(payload for _, payload in inside)
    assert max(abs(a - b) for a, (b, _) in zip(new.seconds, inside, strict=True)) <= Fraction(1, 1000)
    assert [(begin, text) for begin, _, text in words(out)] == [(0, b"across"), (Fraction(7, 10), b"within")]
    assert chapters(out) == [(0, Fraction(1, 2), "Access"), (Fraction(1, 2), 1, "Dissection")]


def test_sound_that_outlasts_the_picture_is_kept_whole(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", Clip(frames=25, sounds=[Sound(seconds=3)]))
    out = pass_through(source, tmp_path / "out.mp4").path
    assert tracks(out, "audio")[0].payloads == tracks(source, "audio")[0].payloads


def test_an_interrupted_recording_ends_its_sound_with_its_last_frame(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", Clip(frames=75, sounds=[Sound(seconds=3)]))
    passed = pass_through(source, tmp_path / "out.mp4", stop_after=25)
    sound = tracks(passed.path, "audio")[0]
    assert sound.seconds[-1] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_a_transport_stream_keeps_its_sound_in_step_and_begins_at_zero(tmp_path: Path, extension: str) -> None:
    source = write_clip(tmp_path / "clip.ts", Clip(frames=75, options={"bf": "2"}, sounds=[Sound(seconds=3)]))
    out = pass_through(source, tmp_path / f"out{extension}").path
    old, new = read_tracks(source), read_tracks(out)
    assert min(new[0].seconds[0], new[1].seconds[0]) == 0
    assert new[0].seconds[0] - new[1].seconds[0] == pytest.approx(old[0].seconds[0] - old[1].seconds[0], abs=0.001)
    assert len(new[1].payloads) == len(old[1].payloads)
