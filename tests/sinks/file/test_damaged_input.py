"""Damaged files: what can be read is recorded, what cannot is refused in one sentence, nothing else happens."""

import random
from pathlib import Path

import pytest

from eid_stream.core.errors import EidStreamError
from tests.media.reading import read_pictures
from tests.media.side_streams import Attachment, Sound, Subtitles
from tests.media.writing import Clip, write_clip
from tests.stand_ins.passthrough import pass_through

SOUND = (Sound(seconds=2),)
CLIPS = {
    "clip.mp4": Clip(
        frames=50, options={"bf": "2"}, sounds=SOUND, subtitles=[Subtitles("mov_text", [(0.5, 1, "a b")])]
    ),
    "clip.mkv": Clip(frames=50, options={"bf": "2"}, sounds=SOUND, attachments=[Attachment("a.ttf", "font/ttf", b"a")]),
    "clip.ts": Clip(frames=50, options={"bf": "2"}, sounds=SOUND),
    "clip.avi": Clip(frames=50, options={"bf": "2"}, sounds=[Sound("pcm_s16le", seconds=2)]),
    "lossless.mkv": Clip(frames=20, codec="ffv1"),
}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Flip bits, blank a stretch, insert noise, or cut the end off."""
    broken = bytearray(content)
    place = chance.randrange(len(broken))
    match chance.randrange(4):
        case 0:
            for _ in range(chance.randrange(1, 200)):
                broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        case 1:
            blank = bytes(min(3000, len(broken) - place))
            broken[place : place + len(blank)] = blank
        case 2:
            broken[place:place] = chance.randbytes(2000)
        case _:
            del broken[place:]
    return bytes(broken)


def attempt(source: Path, out: Path) -> tuple[str, int]:
    """Why the file was refused, or how many frames were recorded."""
    try:
        return "", pass_through(source, out).frames
    except EidStreamError as error:
        return str(error), 0


@pytest.mark.parametrize("name", CLIPS)
def test_a_damaged_file_is_processed_or_refused(tmp_path: Path, name: str) -> None:
    whole = write_clip(tmp_path / name, CLIPS[name]).read_bytes()
    recorded = 0
    for seed in range(12):
        chance = random.Random(seed)
        source = tmp_path / f"{seed}-{name}"
        source.write_bytes(damaged(whole, chance))
        out = tmp_path / f"{seed}-out{chance.choice(('.mp4', '.mkv', '.mov'))}"
        refusal, frames = attempt(source, out)
        assert "\n" not in refusal
        assert out.exists() == (not refusal)
        assert not frames or len(read_pictures(out)) == frames
        recorded += frames > 0
    assert recorded >= 2
