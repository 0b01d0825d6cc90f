"""Builds an engine for this machine and verifies it before it is kept."""

import eid_stream  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker
