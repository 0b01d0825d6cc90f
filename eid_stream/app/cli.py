"""The command ``eid-stream``."""

import gc
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter

from eid_stream import __version__
from eid_stream.app.ending.early_interrupts import EarlyInterrupts
from eid_stream.app.one_heap import use_one_heap
from eid_stream.app.options.archive_options import ARCHIVE, ArchiveOptions
from eid_stream.app.options.configuration import fill_from_file
from eid_stream.app.options.live_options import LIVE, WEB_PORT, LiveOptions
from eid_stream.app.options.run_options import Options
from eid_stream.archive.discovery import holds_video, is_archive
from eid_stream.core.errors import ConfigError, EidStreamError, unexpected
from eid_stream.core.host.redaction import remember
from eid_stream.core.host.standard_streams import steady_streams
from eid_stream.core.leash import hold_leash
from eid_stream.dicom.encapsulated_video import is_dicom
from eid_stream.stills.discovery import find_pictures, is_picture

EXAMPLES = """\
Examples:

  Live, in a window, with the original beside it (h shows the keys)
    eid-stream --source /dev/video0 --compare split

  A file, with nothing but the smoke lost (sound and subtitles are kept)
    eid-stream --source op.mp4 --out clear.mp4

  A minute of it, the original left, the dehazed picture right
    eid-stream --source op.mp4 --out both.mp4 --compare split --duration 1:00

  Gentler, with all timings in a JSON file
    eid-stream --source op.mp4 --out op.mkv --strength 0.7 --stats op.json

  How fast is this machine? A synthetic scene, dehazed and thrown away
    eid-stream --source phantom:?size=1920x1080 --out null:

  All videos of a folder, two at a time; run it again to go on where it ended
    eid-stream --source recordings --out cleared --jobs 2

  A picture, or a folder of pictures (16-bit TIFF stays 16-bit)
    eid-stream --source slide.tif --out clear.tif

  Settings from a YAML file (strength: 0.8), named like the flags; flags win
    eid-stream --config theatre-3.yaml --source op.mp4 --out clear.mp4

Ctrl-C once ends in good order and keeps what was written; twice stops at once.
Research software, not a medical device.
"""

app = App(
    name="eid-stream",
    help="Remove surgical smoke from endoscopic video, in real time.",
    usage="Usage: eid-stream --source VIDEO [--out FILE] [OPTIONS]",
    help_epilogue=EXAMPLES,
    help_format="plaintext",
    version=f"eid-stream {__version__}",
    config=fill_from_file,
    suppress_keyboard_interrupt=False,
)


@app.default
def _dehaze(
    options: Annotated[Options, Parameter(name="*")],
    live: Annotated[LiveOptions | None, Parameter(name="*", group=LIVE)] = None,
    archive: Annotated[ArchiveOptions | None, Parameter(name="*", group=ARCHIVE)] = None,
    *,
    config: Annotated[Path | None, Parameter(help="YAML file with the same names as these flags; flags win.")] = None,  # noqa: ARG001
) -> int:
    if _means_pictures(options.source):
        from eid_stream.app.still_command import run_pictures

        _collect_garbage_again()
        return run_pictures(options)
    if is_archive(options.source):
        from eid_stream.app.archive_command import run_archive

        _collect_garbage_again()
        return run_archive(options, archive or ArchiveOptions())
    if _may_open_window(options, live):
        import cv2  # noqa: F401 - before PyAV: with the X11 libraries that PyAV brings along, OpenCV's window hangs
    else:
        use_one_heap()

    if options.out is not None and is_dicom(Path(options.source)):
        from eid_stream.app.dicom_command import run_dicom

        return run_dicom(options, lambda plain: _run_video(plain, live))
    return _run_video(options, live)


def _run_video(options: Options, live: LiveOptions | None) -> int:
    """Loads video and array libraries, which ``--help`` must not wait for, and opens what it can meanwhile."""
    from eid_stream.app.wiring.beginning import Beginning

    with Beginning(options, live or LiveOptions()) as beginning:
        from eid_stream.app.run import run

        return run(options, live, beginning)


def _collect_garbage_again() -> None:
    """Garbage is not looked for while the command is loaded; what was loaded by now stays, and is never searched."""
    gc.freeze()
    gc.enable()


def _means_pictures(source: str) -> bool:
    """A picture that exists, or a folder or pattern that holds pictures and no video."""
    if os.path.isfile(source):  # noqa: PTH113 - Path.is_file raises where a name is too long
        return is_picture(source)
    return is_archive(source) and bool(find_pictures(source)) and not holds_video(source)


def _may_open_window(options: Options, live: LiveOptions | None) -> bool:
    """False only for a file that is converted: those runs live on one heap."""
    watched = live is not None and (live.window or live.live)
    return options.out is None or bool(watched) or not os.path.isfile(options.source)  # noqa: PTH113 - Path.is_file raises where a name is too long


@app.command(name="--list-devices")
def _list_devices() -> int:
    """Show the cameras and capture cards of this machine, and what they deliver."""
    from eid_stream.app.wiring.device_listing import describe_devices

    if sys.stdout is not None:
        sys.stdout.write(describe_devices())
    return 0


def main() -> None:
    """Run the command and exit with its status: 0, the error's own, or 128 + signal after an interruption."""
    hold_leash()
    with steady_streams(), EarlyInterrupts() as interrupts:
        sys.exit(_status(sys.argv[1:], interrupts))


def _status(arguments: list[str], interrupts: EarlyInterrupts) -> int:
    remember(_values(arguments))
    try:
        return _run(_with_lone_values(arguments))
    except KeyboardInterrupt:
        interrupts.end()
    except Exception as error:
        if interrupts.received is not None:  # some libraries turn an interruption into a failure of their own
            interrupts.end()
        if "EID_STREAM_TRACEBACK" in os.environ:
            traceback.print_exc()
            return 1
        return _say(unexpected(error))


def _run(arguments: list[str]) -> int:
    try:
        if arguments in (["--help"], ["-h"]):  # without parsing first, which takes as long again
            app.help_print([])
            return 0
        return int(app(arguments, exit_on_error=False, print_error=False, result_action="return_value") or 0)
    except CycloptsError as error:
        return _say(ConfigError(f"{_what_is_wrong(error)} See eid-stream --help."))
    except EidStreamError as error:
        return _say(error)


def _values(arguments: list[str]) -> list[str]:
    return [*arguments, *(argument.partition("=")[2] for argument in arguments if argument.startswith("--"))]


def _with_lone_values(arguments: list[str]) -> list[str]:
    """Join a lone ``-``, which means standard input or output, to its flag: parsers take it for a flag of its own.

    ``--web`` without a number gets its usual one.
    """
    joined: list[str] = []
    for argument, following in zip(arguments, [*arguments[1:], "-"], strict=False):
        if argument == "--web" and following.startswith("-"):
            joined.append(f"--web={WEB_PORT}")
        elif argument == "-" and joined and joined[-1].startswith("--"):
            joined[-1] += "=-"
        else:
            joined.append(argument)
    return joined


def _say(error: EidStreamError) -> int:
    sys.stderr.write(f"eid-stream: {error}\n")
    return error.exit_code


def _what_is_wrong(error: CycloptsError) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, MissingArgumentError) and "--source" in text and "Did you mean" not in text:
        return "Name what to read with --source, as in: eid-stream --source surgery.mp4 --out clear.mp4."
    return text if text.endswith((".", "?", "!")) else f"{text}."
