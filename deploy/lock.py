"""Resolve what ``setup.cfg`` asks for into ``deploy/locks``: ``python -m deploy.lock``.

Each lock holds every package with its exact version and the hashes of its files, for Python 3.11 to 3.13 on any system.
The image, ``make demo`` and ``make test`` install from them.
"""

import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "deploy" / "locks"
LIGHT = ("metrics", "web", "dicom")
"""Extras that are small and that the image has."""
EXTRAS = {
    "development": ("train", "dev", "engines", "papers", "rtx", *LIGHT),
    "runtime": LIGHT,
    "nvidia": ("rtx", *LIGHT),
    "openvino": ("openvino", *LIGHT),
    "webgpu": ("webgpu", *LIGHT),
    "virtual-camera": ("virtual-camera", *LIGHT),
    "ray": ("ray", *LIGHT),
    "quality": ("quality", "train", "dev"),
}
"""Locks and the extras in them. The first one decides the versions of the others.

``tensorrt`` has none: the libraries that it asks for lie on NVIDIA's own index, what PyPI has of them is a signpost.
"""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)


def main() -> None:
    """Write every lock; needs the network. Versions that are allowed stay, unless ``--upgrade`` is given."""
    for name, extras in EXTRAS.items():
        constraint = [] if name == "development" else ["--constraint", "deploy/locks/development.txt"]
        wanted = [word for extra in extras for word in ("--extra", extra)]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--custom-compile-command", "make lock", *constraint, *wanted, *sys.argv[1:]]
        subprocess.run([*command, "--output-file", f"deploy/locks/{name}.txt", "setup.cfg"], cwd=ROOT, check=True)
        print(f"deploy/locks/{name}.txt: {len(list(pins(name)))} packages")


def pins(name: str) -> Iterator[Requirement]:
    """What a lock holds, each with its one version and where it applies."""
    for package, version, marker in _PINNED.findall((LOCKS / f"{name}.txt").read_text(encoding="utf-8")):
        yield Requirement(f"{package}=={version}" + (f"; {marker}" if marker else ""))


def asked_for(extra: str | None = None) -> list[Requirement]:
    """What ``setup.cfg`` asks for: always, or with an extra."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = settings["options.extras_require"][extra] if extra else settings["options"]["install_requires"]
    return [Requirement(line) for line in lines.split("\n") if line.strip()]


if __name__ == "__main__":
    main()
