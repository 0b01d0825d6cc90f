"""File to file with an encoder on a device and in software, in turn: ``python -m benchmarks.gpu_day.encoder``."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cyclopts import App

SOURCE = "phantom:?size=1920x1080&frames=150"

app = App(help=__doc__)


@app.default
def main(*, encoder: str = "auto", source: str = SOURCE) -> None:
    """Print one JSON line: frames a second, size, and what was said of the encoder.

    Parameters
    ----------
    encoder
        The device to compare with software.
    source
        What to encode.
    """
    with tempfile.TemporaryDirectory() as name:
        rows = {each: _encode(Path(name), source, each) for each in ("software", encoder)}
    print(json.dumps({"encoder": rows}))


def _encode(folder: Path, source: str, encoder: str) -> dict[str, Any]:
    out, stats = folder / f"{encoder}.mp4", folder / "stats.json"
    command = ["--source", source, "--out", str(out), "--encoder", encoder, "--stats", str(stats), "--overwrite"]
    done = subprocess.run(
        [sys.executable, "-m", "eid_stream", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    told = json.loads(stats.read_text())
    said = [line for line in (done.stdout + done.stderr).splitlines() if "in software" in line]
    rate = told["frames"] / told["wall_seconds"]
    return {"frames_per_second": rate, "bytes": out.stat().st_size, "said": " ".join(said)}


if __name__ == "__main__":
    app()
