import pytest

from eid_stream.app.telling.enhanced_mark import enhanced_mark, not_enhanced_mark
from eid_stream.core.engine_card import EngineCard

SHORT = EngineCard(
    name="x", version="0", backend="test", thumbnail_width=64, thumbnail_height=48, grid_width=2, grid_height=2
)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "every frame"), (0.999, "99 %"), (0.5, "50 %"), (0.06, "6 %"), (0.001, "1 %")],
)
def test_the_share_of_frames_as_captured_is_told_where_the_mark_of_success_would_stand(share: float, said: str) -> None:
    mark = not_enhanced_mark(share)
    assert mark.startswith("NOT ENHANCED")
    assert said in mark
    assert len(mark) <= len(enhanced_mark(SHORT, 1.0))
