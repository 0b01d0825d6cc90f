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
