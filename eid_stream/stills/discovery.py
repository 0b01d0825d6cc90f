"""Which pictures an address means, and where each one's output goes. Imports no picture library: the command asks."""

import glob
from pathlib import Path

from eid_stream.core.errors import ConfigError

EXTENSIONS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Names that are taken for those of pictures."""


def is_picture(address: str) -> bool:
    """Whether an address is the name of a picture."""
    return "://" not in address and Path(address).suffix.lower() in EXTENSIONS


def find_pictures(source: str) -> dict[Path, Path]:
    """The pictures of a folder or a pattern, each with its place below the output folder, by name."""
    folder = Path(source)
    if folder.is_dir():
        return {path: path.relative_to(folder) for path in sorted(folder.rglob("*")) if _is_file(path)}
    found = [Path(name) for name in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207 - patterns may be absolute
    return _below_common_folder([path for path in found if _is_file(path)])


def _below_common_folder(paths: list[Path]) -> dict[Path, Path]:
    if not paths:
        return {}
    whole = [path.absolute() for path in paths]
    common = _common_folder(whole)
    return {path: path.relative_to(common) for path in whole}


def _common_folder(paths: list[Path]) -> Path:
    common = paths[0].parent
    while not all(path.is_relative_to(common) for path in paths):
        common = common.parent
    return common


def _is_file(path: Path) -> bool:
    return is_picture(path.name) and path.is_file()


def refuse_inside(out: Path, source: str) -> None:
    """Refuse an output folder that lies in the source: its pictures would be taken for new ones the next time.

    Raises:
        ConfigError: it does.
    """
    folder = Path(source)
    if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{out} lies inside {folder}, and its pictures would be taken for new ones. Name another.")
