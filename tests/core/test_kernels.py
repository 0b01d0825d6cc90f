"""The loops in C against the same by NumPy."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.core.frame import Plane
from eid_stream.core.kernels import choice, compiled
from eid_stream.core.kernels.choice import Loops
from eid_stream.core.kernels.compiled import open_compiled
from eid_stream.core.kernels.plain import PlainLoops
from eid_stream.core.kernels.plain_views import PlainViews

PLAIN = PlainLoops()
GRID = (9, 13)


@pytest.fixture(scope="module")
def in_c() -> Loops:
    found = open_compiled()
    if found is None:
        pytest.skip("the loops in C were not built: there is no compiler")
    return found


@pytest.fixture
def chooses_anew() -> Iterator[None]:
    before, views_before = choice._chosen[:], choice._chosen_views[:]
    choice._chosen.clear()
    choice._chosen_views.clear()
    yield
    choice._chosen[:], choice._chosen_views[:] = before, views_before


def a_plane(bits: int, height: int, width: int) -> Plane:
    """Every code, in rows that lie further apart than they are long."""
    codes = np.random.default_rng(3).integers(0, 1 << bits, (height, width + 24))
    return codes.astype(np.uint8)[:, :width] if bits == 8 else codes.astype(np.uint16)[:, :width]


def some(*shape: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float32]:
    return np.random.default_rng(len(shape)).uniform(low, high, shape).astype(np.float32)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize(("height", "width"), [(48, 64), (181, 2301), (1, 5)])
def test_both_correct_a_plane_alike(in_c: Loops, bits: int, height: int, width: int) -> None:
    plane, largest = a_plane(bits, height, width), float((1 << bits) - 1)
    gains, offsets = some(*GRID, low=0.5, high=5.0), some(*GRID, low=-largest, high=largest / 4)
    outs = []
    for loops in (in_c, PLAIN):
        out = np.zeros_like(plane)
        loops.correct(plane, out, gains, offsets, (largest / 16, 0.75, 0.85 * largest, 0.5), height // 3, height)
        outs.append(out.astype(np.int64))
    assert np.abs(outs[0] - outs[1]).max() <= 1
    assert (outs[0] != outs[1]).mean() < 1e-3
    assert not outs[0][: height // 3].any()


def test_no_haze_changes_no_sample(in_c: Loops) -> None:
    plane = a_plane(8, 100, 300)
    for loops in (in_c, PLAIN):
        out = np.empty_like(plane)
        loops.correct(plane, out, np.ones(GRID, np.float32), np.zeros(GRID, np.float32), (16, 0.75, 202, 0.5), 0, 100)
        assert np.array_equal(out, plane)


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("shape", [(36, 64), (29, 50)])
def test_both_average_boxes_alike(in_c: Loops, bits: int, shape: tuple[int, int]) -> None:
    plane, canvases = a_plane(bits, 144, 256), np.full((2, 40, 70), 7.0, np.float32)
    for loops, canvas in zip((in_c, PLAIN), canvases, strict=True):
        loops.average(plane, canvas[2 : 2 + shape[0], 3 : 3 + shape[1]], 1 / 219, 16 / 219)
    assert np.allclose(canvases[0], canvases[1], atol=1e-4)
    assert (canvases[:, :2] == 7.0).all()


@pytest.mark.parametrize("shape", [(12, 16), (24, 32), (7, 30), (50, 70)])
def test_both_take_means_of_cells_alike(in_c: Loops, shape: tuple[int, int]) -> None:
    planes = some(2, 3, 50, 70)
    mine, other = (loops.box_means(planes, *shape) for loops in (in_c, PLAIN))
    assert mine.shape == other.shape == (2, 3, *shape)
    assert np.allclose(mine, other, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 2])
def test_both_compute_a_layer_alike(in_c: Loops, dilation: int) -> None:
    cells, taps, added = some(8, 12, 16, low=-1.0), some(8, 8, 9, low=-0.3, high=0.3), some(8, low=-1.0)
    mine, other = (loops.layer(cells, taps, added, dilation) for loops in (in_c, PLAIN))
    assert np.allclose(mine, other, atol=1e-4)
    assert (mine >= cells).all()
    assert (mine == cells).any()


def test_a_layer_of_another_shape_is_refused(in_c: Loops) -> None:
    with pytest.raises(ValueError, match="a layer has 16 columns"):
        in_c.layer(some(8, 12, 15), some(8, 8, 9), some(8), 1)


def test_both_fit_smoke_alike(in_c: Loops) -> None:
    cells = (12, 16)
    colours = [some(3, *cells) for _ in range(2)]
    precision = some(6, *cells, low=0.5, high=9.0)
    given: tuple[Any, ...] = (
        colours[0],
        some(*cells, low=-4.0, high=-2.0),
        colours[1] * 0.7,
        precision,
        some(*cells, low=-3.5, high=-2.5),
        some(*cells, low=0.01, high=0.1),
        some(3, *cells, low=0.5),
        np.linspace(0.0, 0.8, 9, dtype=np.float32),
        4.0,
        0.5,
    )
    mine, other = (loops.log_likelihoods(*given) for loops in (in_c, PLAIN))
    assert np.allclose(mine, other, atol=1e-3)
    assert np.allclose(in_c.likeliest(mine, 0.1), PLAIN.likeliest(mine, 0.1), atol=1e-5)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_both_add_a_difference_alike(in_c: Loops, kind: type) -> None:
    most = 255.0 if kind is np.uint8 else 1.0
    rgb: NDArray[Any] = (some(20, 30, 3) * most).astype(kind)
    bits = 8 if kind is np.uint8 else 12
    before, after = ([a_plane(bits, 20, 30)] * 3, [a_plane(bits, 40, 30)[20:]] * 3)
    outs = []
    for loops in (in_c, PLAIN):
        out = np.empty_like(rgb)
        loops.add_difference(rgb, tuple(before), tuple(after), most / ((1 << bits) - 1), most, out)  # type: ignore[arg-type]
        outs.append(out.astype(np.float64))
    assert np.abs(outs[0] - outs[1]).max() <= (1.0 if kind is np.uint8 else 1e-5)


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_a_damaged_library_is_done_without(tmp_path: Path, content: bytes) -> None:
    (tmp_path / compiled.FILE).write_bytes(content)
    assert open_compiled(tmp_path) is None


def test_a_library_of_another_version_is_done_without(
    in_c: Loops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(Path(compiled.__file__).parent / compiled.FILE, tmp_path)
    assert open_compiled(tmp_path) is not None
    monkeypatch.setattr(compiled, "_VERSION", compiled._VERSION + 1)
    assert open_compiled(tmp_path) is None


@pytest.mark.usefixtures("chooses_anew")
def test_without_a_library_numpy_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "open_compiled", lambda: None)
    monkeypatch.setattr(choice, "open_compiled_views", lambda: None)
    assert choice.loops().name == PlainLoops.name
    assert isinstance(choice.views(), PlainViews)
    assert choice.note().startswith("The compiled loops are missing")
