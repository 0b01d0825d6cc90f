"""A CUDA driver made of a few lines of C, so that what is asked of the real one can be tested without a GPU."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = """
#include <string.h>
int cuInit(unsigned flags) { return INIT; }
int cuDeviceGet(int *device, int ordinal) { *device = 7; return ordinal; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, "NVIDIA H200", length); return device - 7; }
int cuDeviceGetAttribute(int *value, int what, int device) { *value = what == 75 ? 9 : 0; return device - 7; }
int cuDriverGetVersion(int *version) { *version = CUDA; return 0; }
int cuGetErrorName(int error, const char **name) { *name = "CUDA_ERROR_NO_DEVICE"; return 0; }
"""
MANAGEMENT_SOURCE = """
#include <string.h>
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned length) { strncpy(text, "580.95.05", length); return 0; }
"""


def environment_with_driver(folder: Path, *, cuda: int = 13000, init_status: int = 0) -> dict[str, str]:
    """Environment of a process that finds this driver; skips the test without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a stand-in for the CUDA driver")
    for name, source in (("libcuda.so.1", SOURCE), ("libnvidia-ml.so.1", MANAGEMENT_SOURCE)):
        flags = [f"-DCUDA={cuda}", f"-DINIT={init_status}", "-shared", "-fPIC", "-x", "c", "-"]
        subprocess.run([compiler, *flags, "-o", str(folder / name)], input=source, text=True, check=True)
    return {**os.environ, "LD_LIBRARY_PATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
