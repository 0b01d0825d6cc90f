"""The table in docs/files.md is what happens."""

import pytest

from tests.media.matrix import table, table_of_page
from tests.senders import needs_ffmpeg


@needs_ffmpeg
@pytest.mark.timeout(900)
def test_every_container_keeps_or_names_what_lies_beside_the_picture_as_the_table_says() -> None:
    measured = table()
    assert not any(word in measured for word in ("LOST", "SPOILED", "refused"))
    assert measured == table_of_page()
