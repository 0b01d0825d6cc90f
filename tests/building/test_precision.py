import pytest
import torch
from torch.export import ExportedProgram

from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine, open_onnx
from eid_stream.backends.student_contract import PROGRAM_FILE, read_shipped
from eid_stream.building.precision import in_half
from eid_stream.building.program_file import load_program, save_program
from eid_stream.building.verification import compare_engines, require_agreement
from engines.emulated_engine import EmulatedEngine
from tests.stand_ins.made_up_student import program_bytes, student


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def halved() -> ExportedProgram:
    return in_half(load_program(program_bytes()))


def types_of(program: ExportedProgram, target: str) -> set[torch.dtype]:
    return {node.meta["val"].dtype for node in program.graph.nodes if str(node.target) == target}


def test_convolutions_run_in_half_and_the_division_behind_them_in_single(halved: ExportedProgram) -> None:
    assert types_of(halved, "aten.conv2d.default") == {torch.float16}
    assert types_of(halved, "aten.reciprocal.default") == {torch.float32}
    assert types_of(halved, "aten.sigmoid.default") == {torch.float32}


def test_a_convolution_that_reads_the_thumbnail_stays_single() -> None:
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 3)).eval()
    halved = in_half(torch.export.export(layers, (torch.zeros(1, 3, 16, 16),)))
    types = [n.meta["val"].dtype for n in halved.graph.nodes if str(n.target) == "aten.conv2d.default"]
    assert types == [torch.float32, torch.float16]


def test_parts_of_what_is_split_in_half_are_converted_one_by_one() -> None:
    class Split(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList([torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(2, 4, 3)])

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            first, second = self.layers[0](picture).chunk(2, 1)
            answer: torch.Tensor = self.layers[1](first)[..., 0, 0] + second.mean((2, 3)).repeat(1, 2)
            return answer

    network, picture = Split().eval(), torch.rand(1, 3, 8, 8)
    halved = in_half(torch.export.export(network, (picture,)))
    torch.testing.assert_close(halved.module()(picture), network(picture), atol=2e-3, rtol=0.0)
    assert types_of(halved, "aten.mean.dim") == {torch.float32}


def test_thumbnail_and_answers_stay_single(halved: ExportedProgram) -> None:
    *_, thumbnail = (node for node in halved.graph.nodes if node.op == "placeholder")
    answers = halved.graph.output_node().all_input_nodes
    assert thumbnail.name == "thumbnail"
    assert [node.meta["val"].dtype for node in (thumbnail, *answers)] == [torch.float32] * 3


def test_the_trunks_weights_take_half_the_space(halved: ExportedProgram) -> None:
    types = {name: value.dtype for name, value in halved.state_dict.items()}
    assert {dtype for name, dtype in types.items() if not name.endswith("airlight")} == {torch.float16}
    assert {dtype for name, dtype in types.items() if name.endswith("airlight")} == {torch.float32}


def test_in_half_a_student_agrees_with_the_fp32_reference(halved: ExportedProgram) -> None:
    model, card = student()
    require_agreement(compare_engines(EmulatedEngine(halved, card), OnnxEngine(model, card)), "fp16")


def test_in_half_the_shipped_student_agrees_with_the_fp32_reference() -> None:
    reference = open_onnx()
    program = in_half(load_program(read_shipped(PROGRAM_FILE)))
    rows = compare_engines(EmulatedEngine(program, reference.card), reference)
    require_agreement(rows, "fp16")


def test_the_shipped_program_is_the_shipped_model() -> None:
    reference = open_onnx()
    rows = compare_engines(EmulatedEngine(load_program(read_shipped(PROGRAM_FILE)), reference.card), reference)
    assert max(row.maps_difference for row in rows) < 1e-4


def test_a_halved_program_survives_being_saved(halved: ExportedProgram) -> None:
    _, card = student()
    again = EmulatedEngine(load_program(save_program(halved)), card)
    assert all(row.maps_difference == 0.0 for row in compare_engines(again, EmulatedEngine(halved, card)))
