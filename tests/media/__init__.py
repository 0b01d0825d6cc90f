"""Real video files for tests: written, read back, compared."""
