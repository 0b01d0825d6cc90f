import numpy as np
import pytest

from eid_stream.core.colour_matrix import from_bt709, to_bt709

PURE_RED = {1: (0.2126, -0.114572, 0.5), 6: (0.299, -0.168736, 0.5), 9: (0.2627, -0.139630, 0.5)}
"""Y'CbCr of R'G'B' (1, 0, 0) by matrix, as H.273 has it."""


@pytest.mark.parametrize("matrix", [6, 9])
def test_the_same_colour_is_the_same_in_bt709(matrix: int) -> None:
    change = to_bt709(matrix)
    assert change is not None
    np.testing.assert_allclose(change @ np.array(PURE_RED[matrix]), PURE_RED[1], atol=1e-4)
    back = from_bt709(matrix)
    assert back is not None
    np.testing.assert_allclose(back @ np.array(PURE_RED[1]), PURE_RED[matrix], atol=1e-4)


@pytest.mark.parametrize("matrix", [1, 2, 0, 14])
def test_bt709_and_what_is_not_known_stay_as_they_are(matrix: int) -> None:
    assert to_bt709(matrix) is None
    assert from_bt709(matrix) is None
