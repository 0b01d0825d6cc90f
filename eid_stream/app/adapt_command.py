"""``eid-stream-adapt``: starts the training command of the checkout that this package lies in.

Training needs PyTorch and a gigabyte of libraries, and is no part of the installed package; a checkout with the extra
``train`` has all of it.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import eid_stream
from eid_stream.core.errors import ConfigError

_MODULE = "training.adapt.adapt_student"
_NEEDED = ("torch", "lightning_fabric", "deepinv", "safetensors", "onnx", "onnxscript")
_INSTALL = "pip install -e '.[train]'"


def main() -> NoReturn:
    """Become the training command, or say what is missing and end with the status of a configuration error."""
    try:
        _become(_checkout())
    except ConfigError as error:
        sys.stderr.write(f"eid-stream-adapt: {error}\n")
        sys.exit(error.exit_code)


def _checkout() -> Path:
    root = Path(eid_stream.__file__).resolve().parents[1]
    if not (root / Path(*_MODULE.split("."))).with_suffix(".py").is_file():
        raise ConfigError(
            "Adapting trains a network, and training is not in the installed package. Clone the repository of "
            f"eid-stream and install it from there: {_INSTALL}"
        )
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"Adapting needs {', '.join(missing)}, not installed here. In {root}: {_INSTALL}")
    return root


def _become(root: Path) -> NoReturn:
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    os.execve(sys.executable, [sys.executable, "-m", _MODULE, *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
