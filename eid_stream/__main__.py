"""``python -m eid_stream`` is ``eid-stream``."""

from eid_stream.cli import main

if __name__ == "__main__":
    main()
