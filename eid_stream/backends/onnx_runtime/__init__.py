"""Engines on ONNX Runtime: the CPU's, and those of its plug-ins."""
