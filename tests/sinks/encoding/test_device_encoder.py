from dataclasses import replace
from pathlib import Path

import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import StreamInfo
from eid_stream.sinks.encoding.codec_choice import CodecChoice, choose_codec
from eid_stream.sinks.encoding.device_encoder import DEVICE_ENCODERS, _candidate, on_device
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import read_pictures
from tests.media.writing import Clip, write_clip

NEEDS = {"nvenc": "cannot be opened here", "qsv": "cannot be opened here", "vaapi": "was built without"}
"""What is wrong where the device, or its part of FFmpeg, is missing."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", Clip(frames=6))


def info_of(path: Path) -> StreamInfo:
    source = VideoFileSource(str(path))
    source.close()
    return source.info


def chosen(info: StreamInfo, *, codec: str = "h264", quality: float | None = None) -> CodecChoice:
    encoders = frozenset({"libx264", "libx265", "ffv1"})
    return choose_codec(codec=codec, quality=quality, preset=None, info=info, container_codecs=encoders)


@pytest.mark.parametrize("name", [*DEVICE_ENCODERS, "auto"])
def test_where_a_device_is_missing_the_file_is_whole_and_one_sentence_says_why(
    clip: Path, tmp_path: Path, name: str
) -> None:
    source = VideoFileSource(str(clip))
    recorder = Recorder(tmp_path / "out.mp4", source.info, codec="h264", encoder=name)
    for frame in source:
        recorder.write(frame)
    recorder.publish()
    assert len(read_pictures(tmp_path / "out.mp4")) == 6
    notes = " ".join(recorder.notes)
    if "in software" not in notes:
        pytest.skip(f"{name} works here")
    for device in DEVICE_ENCODERS if name == "auto" else (name,):
        assert f"{device}: " in notes


def test_software_is_what_happens_without_a_word(clip: Path) -> None:
    choice = chosen(info_of(clip))
    assert on_device(choice, "software", info_of(clip)) == choice


def test_an_unknown_encoder_is_refused_with_the_names_there_are(clip: Path) -> None:
    with pytest.raises(ConfigError, match="Use auto, software, nvenc, vaapi, qsv"):
        on_device(chosen(info_of(clip)), "omx", info_of(clip))


@pytest.mark.parametrize("name", DEVICE_ENCODERS)
def test_a_device_gets_the_asked_quality_and_the_same_samples(clip: Path, name: str) -> None:
    info, device = info_of(clip), DEVICE_ENCODERS[name]
    candidate = _candidate(chosen(info, codec="hevc", quality=23), device, info.layout)
    assert candidate is not None
    assert candidate.encoder == f"hevc_{name}"
    assert "23" in candidate.options.values()
    assert candidate.sent_as in ("yuv420p", "nv12"), "8 bit stays 8 bit, 4:2:0 stays 4:2:0"


def test_what_a_device_cannot_keep_is_encoded_in_software(clip: Path) -> None:
    info = info_of(clip)
    lossless = on_device(chosen(info, codec="ffv1"), "nvenc", info)
    assert (lossless.encoder, "nvenc: it cannot hold this picture" in lossless.note) == ("", True)
    fields = on_device(chosen(info), "qsv", replace(info, interlaced=True))
    assert (fields.encoder, "interlaced video is encoded in software only" in fields.note) == ("", True)


@pytest.mark.parametrize("name", DEVICE_ENCODERS)
def test_the_reason_names_what_is_missing(clip: Path, name: str) -> None:
    note = on_device(chosen(info_of(clip)), name, info_of(clip)).note
    if not note:
        pytest.skip(f"{name} works here")
    assert NEEDS[name] in note or "cannot be opened here" in note
    assert f"h264_{name}" in note
