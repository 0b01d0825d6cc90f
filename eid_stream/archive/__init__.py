"""A whole archive as one run: a folder, a pattern or a list of videos, each a task of its own."""
