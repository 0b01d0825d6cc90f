"""eid-stream: surgical smoke removal for endoscopic video. Research software, not a medical device."""

__version__ = "0.1.0"
