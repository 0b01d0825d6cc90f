"""``--frames``: a folder of pictures in place of a video."""

from pathlib import Path

from eid_stream.app.options.run_options import Options
from eid_stream.sinks.file.picture_folder import PictureFolder


def open_picture_folder(options: Options) -> PictureFolder:
    """The folder ``OUT/NAME``, where NAME is that of the source's file.

    Raises:
        SinkOpenError: it cannot be made, or holds pictures already.
    """
    from eid_stream.sinks.window.display_picture import save_png  # OpenCV, which a video has no use for

    name = Path(options.source).stem or "video"
    return PictureFolder(
        Path(str(options.out)) / name,
        name=name,
        save=save_png,
        picture_format=options.frames or "png",
        rate=options.fps,
        overwrite=options.overwrite,
    )
