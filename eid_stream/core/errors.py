"""Every error that eid-stream raises on purpose, in one tree.

    EidStreamError
    ├── ConfigError                                                            exit 2
    ├── SourceError   SourceOpenError, SourceReadError                         exit 3
    ├── EngineError   EngineLoadError, EngineMismatchError, EngineRunError     exit 4
    ├── SinkError     SinkOpenError, SinkWriteError                            exit 5
    ├── ArchiveError                                                           exit 6
    └── NotDehazedError                                                        exit 7

A message says what was tried, what was found and what to do. Exceptions of libraries are mapped where the
library is called, with ``raise ... from``. The end of a stream is not an error.
"""

from typing import ClassVar

from eid_stream.core.host.redaction import redacted_text
from eid_stream.core.sentences import ended_once

IN_USE = "Another run is writing"
"""How the sentence begins of an output that somebody else has in hand: it may be free soon."""


class EidStreamError(Exception):
    """Root of all errors a user may see as one sentence; ``exit_code`` is the process's exit status.

    Addresses in the sentence lose their credentials here, before anybody can show, log or store it, and a sentence
    that ends with another one ends once.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str = "") -> None:
        super().__init__(ended_once(redacted_text(sentence)))


class ConfigError(EidStreamError):
    """An option, an address or a configuration file cannot be used as given."""

    exit_code = 2


class SourceError(EidStreamError):
    """The incoming video cannot be used."""

    exit_code = 3


class SourceOpenError(SourceError):
    """The address cannot be opened, or holds no video."""


class SourceReadError(SourceError):
    """The video was opened but cannot be read any further."""


class EngineError(EidStreamError):
    """The haze estimator cannot be used."""

    exit_code = 4


class EngineLoadError(EngineError):
    """An engine's files or libraries are missing, damaged or too old."""


class EngineMismatchError(EngineError):
    """An engine does not fit its card, this machine, or its own golden answer."""


class EngineRunError(EngineError):
    """An estimate failed. Survivable: the frame is shown as captured."""


class SinkError(EidStreamError):
    """The outgoing video cannot be used."""

    exit_code = 5


class SinkOpenError(SinkError):
    """The output cannot be created."""


class SinkWriteError(SinkError):
    """The output was opened but cannot be written any further, for example because a disk is full."""


class ArchiveError(EidStreamError):
    """Some videos of an archive failed; the others are done."""

    exit_code = 6


class NotDehazedError(EidStreamError):
    """A file was written whole, but too many of its frames are as they were captured."""

    exit_code = 7


def reason_of(error: BaseException) -> str:
    """What to tell people about any exception, in one line: its own sentence, or at least its kind."""
    said = " ".join(str(error).split())
    if isinstance(error, EidStreamError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def unexpected(error: Exception) -> EidStreamError:
    """One sentence about an exception that nobody foresaw: a fault of ours, to be reported."""
    said = " ".join(str(error).split())
    return EidStreamError(f"An unexpected fault ended the run ({type(error).__name__}: {said}). Please report it.")
