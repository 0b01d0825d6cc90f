"""Pictures to draw from: sources count equally within a kind up to the square root of their size."""

from collections.abc import Sequence

import numpy as np

from training.data.picture_cache import Picture


class ViewPool:
    """Pictures of one kind by source."""

    def __init__(self, pictures: Sequence[Picture], kind: str) -> None:
        self._by_source: dict[str, list[Picture]] = {}
        for picture in pictures:
            if picture.kind == kind:
                self._by_source.setdefault(picture.source, []).append(picture)
        self._sources = sorted(self._by_source)
        sizes = np.sqrt([len(self._by_source[source]) for source in self._sources])
        self._shares = sizes / sizes.sum()

    @property
    def pictures(self) -> list[Picture]:
        """All of them."""
        return [picture for pool in self._by_source.values() for picture in pool]

    def draw(self, rng: np.random.Generator) -> Picture:
        """A picture of a random source."""
        pool = self._by_source[self._sources[int(rng.choice(len(self._sources), p=self._shares))]]
        return pool[int(rng.integers(len(pool)))]
