"""Loading an exported program as data: nothing pickled in it is brought to life."""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from eid_stream.core.errors import EngineLoadError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_ONLY_WEIGHTS = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


def load_plain_program(program: bytes) -> "ExportedProgram":
    """Read what ``torch.export.save`` wrote, as long as it holds a graph and numbers only.

    ``torch.export.load`` by itself runs whatever was pickled into the file: objects of other classes, and weights that
    are marked as pickled.

    Raises:
        EngineLoadError: it cannot be read, or holds pickled objects.
    """
    import torch
    from torch.export.pt2_archive import constants

    prefixes = (constants.CUSTOM_OBJ_FILENAME_PREFIX, constants.OPAQUE_OBJ_FILENAME_PREFIX)
    try:
        with zipfile.ZipFile(io.BytesIO(program)) as archive:
            objects = [name for name in archive.namelist() if PurePosixPath(name).name.startswith(prefixes)]
        if objects:
            raise EngineLoadError(f"The exported program holds pickled objects ({objects[0]}): it is not loaded.")
        with _only_weights():
            return torch.export.load(io.BytesIO(program))
    except EngineLoadError:
        raise
    except Exception as error:  # torch.export.load raises whatever its parts raise
        raise EngineLoadError(
            f"PyTorch {torch.__version__} cannot load the exported program: {error}. "
            "Build the engine again with: eid-stream-build --target cuda"
        ) from error


@contextmanager
def _only_weights() -> Iterator[None]:
    """Have ``torch.load`` refuse everything but tensors, also where PyTorch asks it for more."""
    before = os.environ.get(_ONLY_WEIGHTS)
    os.environ[_ONLY_WEIGHTS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_ONLY_WEIGHTS]
        else:
            os.environ[_ONLY_WEIGHTS] = before
