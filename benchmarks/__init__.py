"""Measurements of quality and speed: each prints a table for people and one line of JSON."""

import eid_stream  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker
