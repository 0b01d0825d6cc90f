"""The one part that a compiler makes; everything else of the package stands in setup.cfg."""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

IS_WINDOWS = sys.platform == "win32"
GNU = ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-g0"]


class BuildLibrary(build_ext):
    """Builds a plain library, which knows nothing of Python: it is called through ctypes."""

    def get_ext_filename(self, fullname: str) -> str:
        """Without the version of Python that other extensions have in their names."""
        return str(Path(*fullname.split(".")).with_suffix(".dll" if IS_WINDOWS else ".so"))

    def get_export_symbols(self, _: Extension) -> list[str]:
        """What the source itself exports."""
        return []


class WheelForEveryPython(bdist_wheel):
    """The library is of one kind of machine, and of no version of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """As in ``eid_stream-1.0-py3-none-linux_x86_64.whl``."""
        return "py3", "none", super().get_tag()[2]


setup(
    cmdclass={"build_ext": BuildLibrary, "bdist_wheel": WheelForEveryPython},
    ext_modules=[
        Extension(
            "eid_stream.core.kernels._loops",
            [f"eid_stream/core/kernels/{name}.c" for name in ("loops", "cells", "views", "flow")],
            depends=[f"eid_stream/core/kernels/{name}.h" for name in ("processor", "places")],
            extra_compile_args=["/O2"] if IS_WINDOWS else GNU,
            libraries=[] if IS_WINDOWS else ["m"],
            optional=True,  # without a compiler NumPy does the same, slowly
        )
    ],
)
