"""Training of the haze estimators: needs torch, is not part of the installed package."""

import eid_stream  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker
