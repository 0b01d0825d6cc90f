import json
import os
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.gpu_day.__main__ import main
from benchmarks.gpu_day.contract import count
from benchmarks.gpu_day.day_report import machine, write_report
from benchmarks.gpu_day.steps import ROOT, Device, Result, Step, run_step, steps_of


def module(folder: Path, body: str) -> tuple[Step, dict[str, str]]:
    (folder / "made_up_step.py").write_text(body)
    return Step("made up", ("made_up_step",), 20), os.environ | {"PYTHONPATH": str(folder)}


def test_the_last_json_line_of_a_command_is_what_it_measured(tmp_path: Path) -> None:
    step, environment = module(tmp_path, 'print(\'{"a": 1}\\n{"p50_ms": 2.5}\\ndone {}\')')
    result = run_step(step, 20.0, environment)
    assert (result.ended, result.figures["p50_ms"]) == ("ok", 2.5)
    assert result.figures["wall_seconds"] >= 0


def test_a_step_that_fails_is_told_with_its_last_lines(tmp_path: Path) -> None:
    step, environment = module(tmp_path, "raise SystemExit('no card')")
    result = run_step(step, 20.0, environment)
    assert result.ended == "failed"
    assert result.said[-1] == "no card"


def test_a_step_that_hangs_is_ended_with_all_its_processes_and_keeps_what_it_had(tmp_path: Path) -> None:
    body = (
        "import subprocess, sys, time\nprint('{\"rows\": 3}', flush=True)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\ntime.sleep(60)\n"
    )
    step, environment = module(tmp_path, body)
    began = time.monotonic()
    result = run_step(step, 6.0, environment)
    assert time.monotonic() - began < 40
    assert (result.ended, result.figures) == ("out of time", {"rows": 3})


def test_without_time_left_a_step_is_not_begun() -> None:
    assert run_step(Step("late", ("no_such_module",), 20), 1.0, os.environ).ended == "not begun"


@pytest.mark.parametrize("device", ["gpu", "cpu"])
def test_every_step_is_a_command_of_this_repository_and_names_are_told_apart(device: Device, tmp_path: Path) -> None:
    steps = steps_of(device, tmp_path)
    assert len({step.name for step in steps}) == len(steps)
    for step in steps:
        place = ROOT / step.command[0].replace(".", "/")
        assert place.with_suffix(".py").exists(), step.command


def test_outcomes_are_counted_by_engine_with_the_reason_of_what_was_skipped() -> None:
    report = ElementTree.fromstring(
        '<t><testcase name="a[onnx]"/><testcase name="b[onnx]"><failure message="x"/></testcase>'
        '<testcase name="a[cuda]"><skipped message="no driver"/></testcase></t>'
    )
    counted = count(report)
    assert counted["onnx"] == {"passed": 1, "failure": 1, "reason": ""}
    assert counted["cuda"] == {"skipped": 1, "reason": "no driver"}


def test_both_pages_hold_every_step(tmp_path: Path) -> None:
    results = [
        Result("estimate cuda", "python -m x", "ok", 3.0, {"rows": {"burst": {"p50_ms": 0.2134}}}),
        Result("teacher", "python -m y", "failed", 2.0, said=("No module named 'deepinv'",)),
    ]
    write_report(tmp_path, machine("gpu"), results)
    page = (tmp_path / "gpu_day.md").read_text()
    assert "| estimate cuda | ok | 3.0 | rows burst p50_ms 0.2134 |" in page
    assert "    No module named 'deepinv'" in page
    kept = json.loads((tmp_path / "gpu_day.json").read_text())
    assert [step["name"] for step in kept["steps"]] == ["estimate cuda", "teacher"]
    assert set(kept["gpu_day"]["versions"]) >= {"torch", "onnxruntime"}


def test_the_command_runs_a_chosen_step_and_writes_both_pages(tmp_path: Path) -> None:
    main(out=tmp_path / "day", device="cpu", only=("frames",))
    kept = json.loads((tmp_path / "day" / "gpu_day.json").read_text())
    assert [(step["name"], step["ended"]) for step in kept["steps"]] == [("frames", "ok")]
    assert (tmp_path / "day" / "gpu_day.md").exists()
