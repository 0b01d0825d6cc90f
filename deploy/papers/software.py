"""The list of third-party software: what the locks hold, with licence, purpose and known anomalies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import yaml

from deploy.lock import LOCKS, ROOT

DESCRIPTIONS = Path(__file__).with_name("software.yaml")
PAGE = ROOT / "docs" / "software.md"
SHIPPED = ("runtime", "nvidia")
_ENTRY = re.compile(r"^([a-z0-9-]+)==([^\s;]+)([^\n]*)\n((?:    .*\n)+)", re.MULTILINE)
_ASKED_BY = re.compile(r"^    #\s+(?:via\s+)?([a-z0-9-]+)(?: \(.*\))?$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_HEAD = """# Third-party software

Made by `make papers` from `deploy/locks`, `deploy/papers/software.yaml` and the metadata of the packages; do not edit.

What `make demo` and the images install: the extras `metrics`, `web` and `dicom` too, and `rtx` in the image for NVIDIA.
The same as a CycloneDX list, with hashes, is made by `make dist`. Which of them have known weaknesses is asked by
`make audit`. Training and tests use more (`deploy/locks/development.txt`); nothing of that is handed over.

"""


class UndescribedSoftwareError(Exception):
    """A lock holds something that nobody has described, or whose licence is not known."""


@dataclass(frozen=True)
class Part:
    """One package of a lock in one version."""

    name: str
    version: str
    where: str
    """The marker of the platforms it is for, empty for all."""
    asked_by: tuple[str, ...]
    sha256: tuple[str, ...]
    purpose: str
    licence: str
    """An SPDX expression."""
    contains: str
    anomalies: str


def parts_of(lock: str, descriptions: Path = DESCRIPTIONS) -> Iterator[Part]:
    """Everything in a lock.

    Raises:
        UndescribedSoftwareError: purpose or licence of a package is not known.
    """
    described = yaml.safe_load(descriptions.read_text(encoding="utf-8"))
    for name, version, rest, details in _ENTRY.findall((LOCKS / f"{lock}.txt").read_text(encoding="utf-8")):
        about = described.get(name, {})
        if "purpose" not in about:
            raise UndescribedSoftwareError(
                f"deploy/locks/{lock}.txt holds {name}: say in {descriptions.name} what for."
            )
        asked_by = tuple(asker for asker in _ASKED_BY.findall(details) if asker != "via")
        yield Part(
            name, version, rest.strip(" ;\\"), asked_by, tuple(_HASH.findall(details)), about["purpose"],
            _licence(name, about), about.get("contains", ""), about.get("anomalies", ""),
        )  # fmt: skip


def page_of(shipped: tuple[str, ...] = SHIPPED) -> str:
    """The page with the parts of all images."""
    parts = {(part.name, part.version): part for lock in shipped for part in parts_of(lock)}
    rows = [_row(part) for _, part in sorted(parts.items())]
    table = "| part | version | licence | used for | asked by |\n|---|---|---|---|---|\n"
    known = [f"* **{part.name}**: {part.anomalies}\n" for _, part in sorted(parts.items()) if part.anomalies]
    inside = [f"* **{part.name}**: {part.contains}\n" for _, part in sorted(parts.items()) if part.contains]
    return "".join([
        _HEAD, table, *rows,
        "\n## What their packages contain\n\n", *inside,
        "\nWhoever hands on an image hands on these as well; x264 and x265 come with a duty to offer their source.\n",
        "\n## Known anomalies that concern eid-stream\n\n", *known,
    ])  # fmt: skip


def _row(part: Part) -> str:
    where = f" ({part.where.replace('python_full_version', 'Python')})" if part.where else ""
    return f"| {part.name} | {part.version}{where} | {part.licence} | {part.purpose} | {', '.join(part.asked_by)} |\n"


def _licence(name: str, about: dict[str, Any]) -> str:
    if "licence" in about:
        return str(about["licence"])
    try:
        expression = metadata(name)["License-Expression"]
    except PackageNotFoundError as error:
        raise UndescribedSoftwareError(
            f"{name} is not installed here, so its licence cannot be read: `make test`."
        ) from error
    if not expression:
        raise UndescribedSoftwareError(f"{name} names no SPDX licence: look it up and say so in {DESCRIPTIONS.name}.")
    return str(expression)
