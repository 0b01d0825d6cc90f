"""Verify an engine against the FP32 reference on every golden thumbnail.

python -m engines.verify --engine cuda      the engine built for this machine against ONNX Runtime on the CPU
python -m engines.verify --engine fp16      the FP16 program emulated on the CPU: no GPU needed
"""

import json
from dataclasses import asdict
from typing import Literal

from cyclopts import App

from eid_stream.backends import open_engine
from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx
from eid_stream.backends.student_contract import PROGRAM_FILE, read_shipped
from eid_stream.building.command import run_command
from eid_stream.building.verification import compare_engines, require_agreement, table
from eid_stream.core.interfaces import Engine

app = App(help=__doc__)


@app.default
def main(*, engine: Literal["tensorrt", "rtx", "cuda", "webgpu", "onnx", "openvino", "fp16"]) -> None:
    """Print the table of agreement and one JSON line; fails when a bound is broken.

    Parameters
    ----------
    engine
        Which engine to verify; fp16 emulates the FP16 program on the CPU.
    """
    checked: Engine = _emulated_half() if engine == "fp16" else open_engine(engine)
    rows = compare_engines(checked, open_onnx())
    print(table(rows))
    print(json.dumps({"verify": engine, "rows": [asdict(row) for row in rows]}))
    require_agreement(rows, engine)


def _emulated_half() -> Engine:
    from eid_stream.building.precision import in_half
    from eid_stream.building.program_file import load_program
    from engines.emulated_engine import EmulatedEngine

    return EmulatedEngine(in_half(load_program(read_shipped(PROGRAM_FILE))), open_onnx().card)


if __name__ == "__main__":
    run_command(app)
