import eid_stream  # noqa: F401 - first of all: it keeps ONNX Runtime from reporting to its maker
