"""The one part that a compiler makes; everything else of the package stands in setup.cfg."""

import sys

from setuptools import Extension, setup

_GNU = ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden"]

setup(
    ext_modules=[
        Extension(
            "eid_stream.core.kernels._loops",
            ["eid_stream/core/kernels/loops.c"],
            extra_compile_args=["/O2"] if sys.platform == "win32" else _GNU,
            libraries=[] if sys.platform == "win32" else ["m"],
            optional=True,  # without a compiler NumPy does the same, slowly
        )
    ]
)
