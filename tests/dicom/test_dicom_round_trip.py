import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.dicom.encapsulated_video import extract_video, is_dicom, read_object
from tests.media.writing import Clip, write_clip

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: DICOM is an extra")

from tests.dicom.made_up_object import write_object, write_plain_object  # noqa: E402 - needs pydicom

FRAMES = 25


@pytest.fixture(params=[1, 3], ids=["one fragment", "three fragments"])
def endoscopy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    film = tmp_path / "film.mp4"
    write_clip(film, Clip(frames=FRAMES, size=(320, 240)))
    syntax = "1.2.840.10008.1.2.4.102" + (".1" if request.param > 1 else "")
    path = tmp_path / "endoscopy.dcm"
    write_object(path, film.read_bytes(), width=320, height=240, frames=FRAMES, syntax=syntax, fragments=request.param)
    return path


def dehazed(source: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "eid_stream", "--source", str(source), "--out", str(out), "--engine", "prior"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def frames_of(path: Path) -> int:
    with av.open(f"file:{path}") as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_cleared_object_is_derived_from_its_source_and_keeps_patient_and_study(
    endoscopy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cleared.dcm"
    done = dehazed(endoscopy, out)
    assert done.returncode == 0, done.stderr
    before, after = read_object(endoscopy), read_object(out)
    assert after.PatientID == before.PatientID
    assert after.StudyInstanceUID == before.StudyInstanceUID
    assert after.SOPClassUID == before.SOPClassUID
    assert after.SOPInstanceUID != before.SOPInstanceUID
    assert after.SeriesInstanceUID != before.SeriesInstanceUID
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID
    assert list(after.ImageType) == ["DERIVED", "PRIMARY"]
    assert "not for diagnosis" in after.DerivationDescription
    assert after.SourceImageSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert (after.NumberOfFrames, after.Columns, after.Rows) == (FRAMES, 320, 240)
    extract_video(out, tmp_path / "inside")
    assert frames_of(tmp_path / "inside") == FRAMES
    assert not list(tmp_path.glob(".eid-stream-*"))


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed: apt-get install dicom3tools")
def test_a_cleared_object_passes_the_validator_of_others(endoscopy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cleared.dcm"
    assert dehazed(endoscopy, out).returncode == 0
    said = subprocess.run(["dciodvfy", str(out)], capture_output=True, text=True, check=False).stderr
    assert "VideoEndoscopicImage" in said
    assert not [line for line in said.splitlines() if line.startswith("Error")]


def test_a_plain_video_is_written_where_its_name_asks_for_one(endoscopy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cleared.mp4"
    assert dehazed(endoscopy, out).returncode == 0
    assert frames_of(out) == FRAMES


def test_an_object_without_a_video_is_refused_by_its_transfer_syntax(tmp_path: Path) -> None:
    path = tmp_path / "still.dcm"
    write_plain_object(path)
    assert is_dicom(path)
    done = dehazed(path, tmp_path / "out.mp4")
    assert done.returncode == 3
    assert "holds no video: its transfer syntax is Explicit VR Little Endian" in done.stderr


def test_an_object_that_is_cut_off_is_refused_in_a_sentence(endoscopy: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(endoscopy.read_bytes()[:1500])
    with pytest.raises(SourceOpenError, match="cannot be read"):
        extract_video(cut, tmp_path / "inside")
