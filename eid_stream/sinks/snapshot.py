"""Saving a frame as pictures, original and enhanced."""

import time
from pathlib import Path

from eid_stream.core.frame import Frame
from eid_stream.sinks.window.display_picture import save_png


def save_snapshot(frame: Frame, folder: Path) -> str:
    """Write ``eid-stream-DATE-TIME-NUMBER-original.png`` and ``-enhanced.png``; one sentence about what became of it.

    A frame that went out as captured has no enhanced picture.
    """
    stem = time.strftime("eid-stream-%Y%m%d-%H%M%S") + f"-{frame.index}"
    pictures = {"original": frame.captured, "enhanced": frame} if frame.state.dehazed else {"original": frame}
    kept = [save_png(picture, str(folder / f"{stem}-{name}.png")) for name, picture in pictures.items()]
    return f"saved {stem}" if all(kept) else f"cannot write pictures to {folder}"
