"""What the program knows of FFmpeg: its formats, packets and pictures, and the versions of PyAV."""
