"""Pictures of other sciences: the list ``domains/domains.csv`` of a data folder, split by scene."""

import csv
from dataclasses import dataclass
from pathlib import Path

from eid_stream.core.errors import ConfigError
from training.data.frames import FrameRecord, data_folder


@dataclass(frozen=True, slots=True)
class DomainPicture:
    """One picture of a collection."""

    path: Path
    kind: str
    """``clear`` or ``hazy``; they are no pairs."""
    scene: str
    split: str
    """``train`` or ``test``; one scene is never in both."""
    truth: Path | None
    """The same scene without haze, where it is known: for judging only, nothing is learned from it."""


def read_domain(name: str) -> list[DomainPicture]:
    """All pictures of one collection, such as ``reside_sots_indoor`` or ``cell97``.

    Raises:
        ConfigError: the list is missing, or knows no such collection.
    """
    folder = data_folder() / "domains"
    try:
        with (folder / "domains.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise ConfigError(f"Cannot read {folder}/domains.csv: {error.strerror}. Set EID_DATA to its data.") from error
    found = [
        DomainPicture(
            folder / row["path"],
            row["kind"],
            row["scene"],
            row["split"],
            folder / row["truth"] if row["truth"] else None,
        )
        for row in rows
        if row["source"] == name
    ]
    if not found:
        known = ", ".join(sorted({row["source"] for row in rows}))
        raise ConfigError(f"There is no collection {name!r} in {folder}/domains.csv: choose {known}.")
    return found


def records_to_learn_from(name: str) -> list[FrameRecord]:
    """The training split of a collection as frames of one source."""
    return [
        FrameRecord(p.path, p.kind, name, p.scene, 0, 0, "train", f"research use ({name})")
        for p in read_domain(name)
        if p.split == "train"
    ]
