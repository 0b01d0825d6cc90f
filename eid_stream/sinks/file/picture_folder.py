"""Frames as pictures for learning: so many a second, numbered as annotations at 25 frames a second are."""

import csv
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.frame import Frame

PictureFormat = Literal["png", "jpg"]
ANNOTATION_RATE = 25
"""Frames a second that the annotations of Cholec80 and its relatives count, whatever the video's own rate."""
TABLE = "frames.csv"
_COLUMNS = ("picture", "annotation_frame", "seconds", "haze_density")
_JPEG_QUALITY = 95


class PictureFolder:
    """Writes ``FOLDER/NAME_000001.png`` and so on, and a table of them, ``frames.csv``.

    A picture is taken of the first frame at or after every ``1 / rate`` seconds from the video's beginning. Its number
    is the annotation's frame number at that time plus one, as FFmpeg numbers pictures of a 25 fps video.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        save: Callable[[Frame, str], bool],
        picture_format: PictureFormat = "png",
        rate: Fraction = Fraction(1),
        overwrite: bool = False,
    ) -> None:
        """Make the folder. ``save`` writes one frame to a path and tells whether it could.

        Raises:
            SinkOpenError: the folder cannot be made, or holds pictures already.
        """
        self._folder, self._name, self._save = folder, name, save
        self._format = picture_format
        self._period = 1 / rate
        self._first: Fraction | None = None
        self._next = Fraction(0)
        self._rows: list[tuple[str, int, float, float | None]] = []
        self._closed = False
        self._make(overwrite)

    @property
    def count(self) -> int:
        """Pictures written so far."""
        return len(self._rows)

    def write(self, frame: Frame) -> None:
        """Write the frame if its time has come.

        Raises:
            SinkWriteError: the picture cannot be stored.
        """
        self._first = frame.seconds if self._first is None else self._first
        seconds = frame.seconds - self._first
        if seconds < self._next:
            return
        self._next = (seconds // self._period + 1) * self._period
        number = int(seconds * ANNOTATION_RATE)
        picture = f"{self._name}_{number + 1:06d}.{self._format}"
        if not self._save(frame, str(self._folder / picture)):
            raise SinkWriteError(f"Cannot write {self._folder / picture}. Check the disk and the folder's permissions.")
        density = None if frame.maps is None else round(frame.maps.density, 4)
        self._rows.append((picture, number, round(float(seconds), 3), density))

    def close(self) -> None:
        """Write the table; may be called twice.

        Raises:
            SinkWriteError: the table cannot be stored.
        """
        if self._closed:
            return
        self._closed = True
        try:
            with (self._folder / TABLE).open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow(_COLUMNS)
                table.writerows(self._rows)
        except OSError as error:
            raise SinkWriteError(f"Cannot write {self._folder / TABLE}: {error.strerror}.") from error

    def _make(self, overwrite: bool) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            taken = next(self._folder.glob(f"{self._name}_*.{self._format}"), None)
        except OSError as error:
            raise SinkOpenError(
                f"Cannot make the folder {self._folder}: {error.strerror}. Name another one."
            ) from error
        if taken is not None and not overwrite:
            raise SinkOpenError(f"{self._folder} holds {taken.name} already. Name another folder, or --overwrite.")
