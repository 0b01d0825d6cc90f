"""Run the contract tests of all engines and count by engine: ``python -m benchmarks.gpu_day.contract FILE``."""

import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest


def main() -> int:
    """Print one JSON line: what passed, failed and was skipped, and why it was."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        status = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", f"--junit-xml={report}", *sys.argv[1:]])
        print(json.dumps({"contract": count(ElementTree.parse(report).getroot())}))
    return int(status)


def count(report: ElementTree.Element) -> dict[str, dict[str, object]]:
    """Outcomes by engine, of a JUnit report whose tests end in ``[engine]``."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, str] = {}
    for case in report.iter("testcase"):
        engine = "".join(re.findall(r"\[(\w+)\]$", case.get("name", ""))) or "all"
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        outcomes[engine][kinds[0] if kinds else "passed"] += 1
        for child in case.iter("skipped"):
            reasons.setdefault(engine, (child.get("message") or "")[:200])
    return {engine: {**counts, "reason": reasons.get(engine, "")} for engine, counts in outcomes.items()}


if __name__ == "__main__":
    sys.exit(main())
