"""A root of its own in which the steps of a Dockerfile run, by bubblewrap, where nothing builds images."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from deploy.image.dockerfile import FILE, Stage, Step, copied_anywhere, stages_of

ROOT = Path(__file__).parents[2]
BASE = ROOT / "build" / "trixie.tar"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OUTSIDE = ("/etc/resolv.conf", "/etc/ssl/certs")
"""Of this machine, while the steps run: how names are found, and whom it trusts."""


class StepError(Exception):
    """A step did not do what it should; the message holds the end of what it said."""


@dataclass
class CleanRoot:
    """A root in which steps run, and what they leave for whoever runs a command in it."""

    path: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH, "HOME": "/root"})
    arguments: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    volumes: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def take(self, step: Step, others: dict[str, "CleanRoot"]) -> None:
        """Do one step as a builder would.

        Raises:
            StepError: it failed, or it is of a kind that nobody has taught this script.
        """
        rest = self._filled(step.rest)
        match step.name:
            case "RUN":
                self._run(step.rest)
            case "COPY":
                self._copy(rest.split(), others)
            case "ARG":
                name, _, default = rest.partition("=")
                self.arguments.setdefault(name, default)
            case "ENV":
                self.environment |= dict(pair.split("=", 1) for pair in rest.split())
            case "USER":
                self.user = rest
            case "WORKDIR":
                self.folder = rest
                self.inside(rest).mkdir(parents=True, exist_ok=True)
            case "VOLUME":
                self.volumes += step.words()
            case "HEALTHCHECK":
                self.health = Step("CMD", step.rest.partition("CMD ")[2]).words()
            case "ENTRYPOINT":
                self.entry = step.words()
            case "CMD":
                self.command = step.words()
            case _:
                raise StepError(f"{step.name} is no step that this script knows: teach it in {Path(__file__).name}")

    def inside(self, name: str) -> Path:
        """A path of this root, seen from outside."""
        return self.path / name.lstrip("/")

    def contained(self, command: Sequence[str], work: Path, cache: Path, *options: str) -> list[str]:
        """A command as a container would run it; no argument means the image's own."""
        rights = [word for right in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{right}")]
        mounts = ["--bind", str(work), self.folder, "--bind", str(cache), self.volumes[0]]
        how = [*options, *mounts, *rights, "--unshare-net", "--as-pid-1", "--chdir", self.folder, *self._variables()]
        return [*_bubble("--ro-bind", self.path), *how, "--", *self.as_user(command or [*self.entry, *self.command])]

    def as_user(self, command: Sequence[str]) -> list[str]:
        """A command with the image's user, who never gets any rights."""
        none = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", *none, "--", *command]

    def _run(self, script: str) -> None:
        seen = [word for name in OUTSIDE for word in ("--ro-bind", name, name)]
        where = [*seen, "--cap-add", "ALL", *self._variables(**self.arguments)]
        told = subprocess.run([*_bubble("--bind", self.path), *where, "--", "/bin/sh", "-c", script],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # fmt: skip
        if told.returncode:
            raise StepError(f"RUN {script}\nended with {told.returncode}:\n{told.stdout[-3000:]}")

    def _copy(self, words: list[str], others: dict[str, "CleanRoot"]) -> None:
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        *sources, to = words
        for name in sources:
            source = others[origin].inside(name) if origin else _allowed(name)
            target = self.inside(to) / source.name if to.endswith("/") else self.inside(to)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_file():
                shutil.copy2(source, target)
            else:
                left_out = shutil.ignore_patterns() if origin else shutil.ignore_patterns(*_ignored()[1])
                shutil.copytree(source, target, symlinks=True, ignore=left_out)

    def _filled(self, text: str) -> str:
        known = self.environment | self.arguments
        return re.sub(r"\$\{?(\w+)\}?", lambda found: known[found[1]], text)

    def _variables(self, **more: str) -> list[str]:
        pairs = (self.environment | more).items()
        return ["--clearenv", *(word for name, value in pairs for word in ("--setenv", name, value))]


def build(target: str, folder: Path, base: Path = BASE) -> CleanRoot:
    """Run the steps of a stage and of all that it needs, each stage in a root of its own under ``folder``.

    Raises:
        StepError: a step failed.
    """
    stages = stages_of(FILE.read_text(encoding="utf-8"))
    lock = "nvidia" if target == "nvidia" else "runtime"
    roots: dict[str, CleanRoot] = {}
    for stage in _needed(target, stages):
        if stage.base in roots:
            roots[stage.name] = roots[stage.base]
        else:
            roots[stage.name] = CleanRoot(folder / stage.name, arguments={"LOCK": lock})
            roots[stage.name].path.mkdir(parents=True)
            unpack = ["tar", "--extract", "--numeric-owner", "--file", str(base), "--directory"]
            subprocess.run([*unpack, str(roots[stage.name].path)], check=True)
        for step in stage.steps:
            roots[stage.name].take(step, roots)
    return roots[target]


def _bubble(bound: str, root: Path) -> list[str]:
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--die-with-parent", "--new-session"]
    return ["bwrap", *apart, bound, str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]


def _needed(target: str, stages: dict[str, Stage]) -> list[Stage]:
    stage = stages[target]
    wanted = [stage.base, *(found for step in stage.steps for found in re.findall(r"--from=(\S+)", step.rest))]
    before = [needed for name in wanted if name in stages for needed in _needed(name, stages)]
    return [*dict.fromkeys([*before, stage])]


def _ignored() -> tuple[list[str], list[str]]:
    return copied_anywhere(FILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8"))


def _allowed(name: str) -> Path:
    if not any(fnmatch(name, pattern) for pattern in _ignored()[0]):
        raise StepError(f"COPY {name}: {FILE.name}.dockerignore keeps it away from builders")
    return ROOT / name
