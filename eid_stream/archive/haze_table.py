"""When was smoke: one line for every second of every video, as a table that any program reads."""

import csv
from pathlib import Path

from eid_stream.archive.manifest import Manifest
from eid_stream.core.errors import SinkWriteError

NAME = "haze.csv"
COLUMNS = ("video", "second", "density")


def write_haze_table(manifest: Manifest) -> Path:
    """Write ``haze.csv`` beside the manifest: video, second from its beginning, mean density of haze in [0, 1].

    Raises:
        SinkWriteError: it cannot be stored.
    """
    path = manifest.folder / NAME
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for entry in manifest.entries:
                rows = enumerate(entry.haze_per_second)
                table.writerows((entry.output, second, density) for second, density in rows if density is not None)
    except OSError as error:
        raise SinkWriteError(f"Cannot write the table {path}: {error.strerror}.") from error
    return path
