"""Engines on an NVIDIA GPU through PyTorch: torch is imported here and nowhere else in the runtime."""
