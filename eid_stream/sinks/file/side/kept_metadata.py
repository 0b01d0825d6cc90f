"""Which tags of a file stay true of its enhanced copy."""

from collections.abc import Mapping

_OF_THE_CONTAINER = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
_OF_THE_STREAM = {"encoder", "vendor_id", "duration", "bps", "number_of_frames", "number_of_bytes"}
_STATISTICS = "_statistics_"


def kept_of_file(metadata: Mapping[str, str]) -> dict[str, str]:
    """Drop what describes the old container itself."""
    return {key: value for key, value in metadata.items() if key.lower() not in _OF_THE_CONTAINER}


def kept_of_stream(metadata: Mapping[str, str]) -> dict[str, str]:
    """Drop what describes the old coding: encoder names and Matroska's statistics."""
    return {
        key: value
        for key, value in metadata.items()
        if not key.lower().startswith(_STATISTICS) and key.lower().split("-")[0] not in _OF_THE_STREAM
    }
