import shutil
import subprocess
import sys
from pathlib import Path

import eid_stream


def test_an_installed_package_says_where_adapting_is_to_be_had(tmp_path: Path) -> None:
    package = Path(eid_stream.__file__).parent
    for name in ("__init__.py", "core", "app"):
        source, target = package / name, tmp_path / "eid_stream" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    command = [sys.executable, "-m", "eid_stream.app.adapt_command", "--recordings", "x"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("eid-stream-adapt: Adapting trains a network, and training is not in the installed")
    assert done.stderr.count("\n") == 1


def test_in_a_checkout_it_is_the_training_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eid_stream.app.adapt_command", "--recordings", str(tmp_path), "--out", "out"]
    root = Path(eid_stream.__file__).parents[1]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Found no recording in {tmp_path}" in done.stderr
