"""What the program knows of FFmpeg: its formats, packets and pictures, and the versions of PyAV."""

import gc
import os

if hasattr(os, "register_at_fork"):
    # Encoders and decoders that nobody uses any more are freed while their threads live: freed in a forked child, where
    # threads do not survive, x264 waits for its own forever.
    os.register_at_fork(before=gc.collect)
