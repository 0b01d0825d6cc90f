"""eid-stream: surgical smoke removal for endoscopic video. Research software, not a medical device.

    from eid_stream import Dehazer, dehaze_file

Nothing is loaded before it is used: importing a name here costs no array, video or network library.
"""

import os
from typing import TYPE_CHECKING

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # must stand before ONNX Runtime is loaded, which else reports to its maker

__version__ = "0.1.0"
__all__ = [
    "ArchiveError",
    "ConfigError",
    "Dehazer",
    "EidStreamError",
    "EngineError",
    "HazeMaps",
    "Progress",
    "SinkError",
    "SourceError",
    "dehaze_file",
    "dehaze_folder",
]

if TYPE_CHECKING:
    from eid_stream.api.dehazer import Dehazer
    from eid_stream.api.file_conversion import Progress, dehaze_file
    from eid_stream.api.folder_conversion import dehaze_folder
    from eid_stream.core.errors import ArchiveError, ConfigError, EidStreamError, EngineError, SinkError, SourceError
    from eid_stream.core.haze_maps import HazeMaps
else:
    _HOMES = {
        "Dehazer": "eid_stream.api.dehazer",
        "HazeMaps": "eid_stream.core.haze_maps",
        "Progress": "eid_stream.api.file_conversion",
        "dehaze_file": "eid_stream.api.file_conversion",
        "dehaze_folder": "eid_stream.api.folder_conversion",
    }

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES.get(name, "eid_stream.core.errors")), name)
