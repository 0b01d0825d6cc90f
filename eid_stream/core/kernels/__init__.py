"""The few loops over samples and cells that Python is too slow for: in C, and by NumPy where C was not built."""
