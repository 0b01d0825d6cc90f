"""eid-stream: surgical smoke removal for endoscopic video. Research software, not a medical device."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # must stand before ONNX Runtime is loaded, which else reports to its maker

__version__ = "0.1.0"
