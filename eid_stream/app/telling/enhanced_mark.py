"""What an enhanced video says of itself in its metadata."""

from eid_stream import __version__
from eid_stream.core.engine_card import EngineCard


def enhanced_mark(card: EngineCard | None, strength: float) -> str:
    """Who removed how much, with which engine; and what the picture is not for."""
    engine = "opened after the recording began" if card is None else f"{card.name} {card.version}"
    return (
        f"Surgical smoke removed by eid-stream {__version__}, engine {engine}, strength {strength:g}. "
        "Enhanced picture, not for diagnosis."
    )


def not_enhanced_mark(captured_share: float) -> str:
    """What a video says of which such a share of frames is as captured; never longer than ``enhanced_mark``."""
    if captured_share >= 1.0:
        return "NOT ENHANCED: every frame is as captured, with its smoke."
    percent = min(99, max(1, round(100 * captured_share)))
    return f"NOT ENHANCED THROUGHOUT: {percent} % of the frames are as captured, with their smoke."
