"""How training commands start and fail."""

import pytest

from eid_stream.errors import ConfigError
from training.command import run_command


def test_an_error_of_ours_is_one_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def main(*, side: int) -> None:
        raise ConfigError(f"Side {side} is too small. Use 32 or more.")

    with pytest.raises(SystemExit) as ended:
        run_command(main, ["--side", "8"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: Side 8 is too small. Use 32 or more.\n"
