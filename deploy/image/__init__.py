"""The container image: what it is built from, and its steps where nothing builds images."""
