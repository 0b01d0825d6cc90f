"""Files that a forge, an image builder or a machine reads: valid by the schema of whoever reads them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import eid_stream
from deploy.lock import ROOT

SCHEMAS = {
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/ISSUE_TEMPLATE/fault.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/picture.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/wish.yml": "vendor.github-issue-forms",
    "CITATION.cff": "vendor.citation-file-format",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_what_its_reader_expects(name: str) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name], name]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_forge_runs_the_same_script_as_everybody() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    commands = re.findall(r"- run: (\S+)", text)
    assert commands[0] == ".ci/run"
    assert set(commands) <= {".ci/run", "make"}


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == eid_stream.__version__


def test_hooks_run_tools_that_are_installed() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert Path(hook["entry"].split()[0]).parent == Path(".venv/bin")


def test_every_target_of_make_is_explained_at_its_top() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    explained = set(re.findall(r"^# make (\w+)", text, re.MULTILINE))
    assert explained == set(phony.split()) - {"clean"}
