"""The image's own steps in a clean root: what stands for the image where nothing builds one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.image import try_clean_root
from deploy.image.clean_root import CleanRoot, StepError, build
from deploy.image.dockerfile import FILE, Step, stages_of
from tests.deploy.test_image import OFFLINE

NEEDED = ("bwrap", "debootstrap", "setpriv", "nsenter")
needs_root = pytest.mark.skipif(
    os.getuid() != 0 or any(shutil.which(program) is None for program in NEEDED),
    reason="a clean root is made as root, with bubblewrap and debootstrap",
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """More than a gigabyte, which goes at once."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def root(folder: Path) -> CleanRoot:
    made = subprocess.run([FILE.with_name("base.sh")], stderr=subprocess.PIPE, text=True, check=False)
    try:
        assert made.returncode == 0, made.stderr
        return build("cpu", folder)
    except (StepError, AssertionError) as error:
        if any(sign in str(error) for sign in OFFLINE):
            pytest.skip(f"what the image is built from cannot be fetched: {str(error).splitlines()[-1]}")
        raise


@needs_root
@pytest.mark.timeout(1800)
def test_the_image_s_steps_give_a_root_in_which_the_command_runs_as_in_a_container(
    root: CleanRoot, folder: Path
) -> None:
    try_clean_root.try_it(root, folder)


@needs_root
@pytest.mark.timeout(1800)
def test_the_command_sees_nothing_of_the_machine_and_has_no_rights(root: CleanRoot, tmp_path: Path) -> None:
    tell = "id -u; grep CapBnd /proc/self/status; ls /sys/class/net /build 2>&1; cat /proc/net/dev; env; nproc"
    done = try_clean_root.run(root, ["sh", "-c", tell], tmp_path, tmp_path)
    told = done.stdout.split()
    assert told[:3] == ["10001", "CapBnd:", "0000000000000000"]
    assert [word for word in told if word.endswith(":") and word[:3] in ("eth", "lo:")] == ["lo:"]
    names = {word.partition("=")[0] for word in told if "=" in word}
    assert names <= {*root.environment, "PWD", "SHLVL", "_", "OLDPWD"}


@needs_root
def test_a_step_that_fails_says_which_one_and_what_it_said() -> None:
    machine = CleanRoot(Path("/"))
    with pytest.raises(StepError, match=r"(?s)RUN echo why && exit 3.*ended with 3.*why"):
        machine.take(Step("RUN", "echo why && exit 3"), {})


@pytest.mark.parametrize("step", [Step("ADD", "there /"), Step("COPY", "tests /build/")], ids=["unknown", "ignored"])
def test_a_step_that_no_builder_would_do_so_is_refused(step: Step, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=f"^{step.name} "):
        CleanRoot(tmp_path).take(step, {})


def test_the_steps_are_read_as_a_builder_reads_them() -> None:
    text = 'ARG BASE=x\nFROM ${BASE} AS one\n# a word\nRUN a \\\n    && b\nFROM one AS two\nENTRYPOINT ["c", "d"]\n'
    stages = stages_of(text)
    assert stages["one"].base == "${BASE}"
    assert stages["one"].steps == (Step("RUN", "a && b"),)
    assert stages["two"].base == "one"
    assert stages["two"].steps[0].words() == ["c", "d"]


def test_a_stage_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no name"):
        stages_of("FROM debian\n")
