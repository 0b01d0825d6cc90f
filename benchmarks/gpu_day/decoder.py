"""Reading a file with a decoder on a device and in software, in turn: ``python -m benchmarks.gpu_day.decoder``."""

import hashlib
import json
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from cyclopts import App

from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.phantom.phantom_source import PhantomSource

app = App(help=__doc__)


@app.default
def main(*, decoder: str = "auto", codec: str = "h264", size: str = "1920x1080", frames: int = 150) -> None:
    """Print one JSON line: frames a second, a hash of all samples, and what was said of the decoder.

    Parameters
    ----------
    decoder
        The device to compare with software.
    codec
        Of the file that is read.
    size
        Of its pictures.
    frames
        Their number.
    """
    with tempfile.TemporaryDirectory() as name:
        film = _film(Path(name) / "film.mkv", codec, f"phantom:?size={size}&frames={frames}")
        print(json.dumps({"decoder": {each: _read(film, each) for each in ("software", decoder)}}))


def _film(path: Path, codec: str, address: str) -> Path:
    with closing(PhantomSource(address)) as phantom:
        recorder = Recorder(path, phantom.info, codec=codec, preset="ultrafast")
        for frame in phantom:
            recorder.write(frame)
        recorder.publish()
    return path


def _read(film: Path, decoder: str) -> dict[str, Any]:
    samples = hashlib.sha256()
    with closing(VideoFileSource(str(film), decoder=decoder)) as source:
        count, seconds, began = 0, 0.0, time.perf_counter()
        for frame in source:
            seconds += time.perf_counter() - began
            count += 1
            for plane in frame.planes:
                samples.update(plane.tobytes())
            began = time.perf_counter()
        said = [note for note in source.notes if "in software" in note]
    return {"frames_per_second": count / seconds, "samples": samples.hexdigest()[:16], "said": " ".join(said)}


if __name__ == "__main__":
    app()
