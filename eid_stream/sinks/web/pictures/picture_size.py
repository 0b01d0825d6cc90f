"""How large a picture is sent to browsers."""

MOST_WIDTH, MOST_HEIGHT = 1920, 1080
"""Larger pictures are made smaller for the page; recordings and other outlets keep their size."""


def size_for_page(width: int, height: int, most_width: int = MOST_WIDTH) -> tuple[int, int]:
    """Width and height, both even, that fit into the largest size with the aspect kept; never enlarged.

    ``most_width`` is what the pages have room for: what they would only make smaller again is not sent.
    """
    scale = min(1.0, most_width / width, MOST_WIDTH / width, MOST_HEIGHT / height)
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)
