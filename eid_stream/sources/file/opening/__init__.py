"""Opening a recorded video, or one sentence why it cannot be."""
