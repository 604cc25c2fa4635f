"""Which areas of a column hold a row: each is told once. Pure; a query costs the logarithm of their number."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatsheet.sheets.formulas.model import Area

_TOP, _BOTTOM = 1, 3


@dataclass(slots=True)
class Stabbing:
    """Areas by their first row, under a tree of their last rows; an area that was taken has last row 0."""

    areas: Sequence[Area]
    tops: Sequence[int]
    tree: list[int]

    @classmethod
    def of(cls, areas: Sequence[Area]) -> "Stabbing":
        """Build the tree."""
        ordered = sorted(areas, key=lambda area: area[_TOP])
        size = 1 << max(len(ordered) - 1, 0).bit_length()
        tree = [0] * (2 * size)
        tree[size : size + len(ordered)] = [area[_BOTTOM] for area in ordered]
        for node in range(size - 1, 0, -1):
            tree[node] = max(tree[2 * node], tree[2 * node + 1])
        return cls(ordered, [area[_TOP] for area in ordered], tree)

    def copy(self) -> "Stabbing":
        """Return the same areas, to be taken anew."""
        return Stabbing(self.areas, self.tops, self.tree.copy())

    def take(self, row: int) -> Iterator[Area]:
        """Yield and forget the areas that hold a row."""
        count = bisect_right(self.tops, row)
        while (leaf := self._find(row, count)) is not None:
            yield self.areas[leaf]
            node = leaf + len(self.tree) // 2
            self.tree[node] = 0
            while node > 1:
                node //= 2
                self.tree[node] = max(self.tree[2 * node], self.tree[2 * node + 1])

    def _find(self, row: int, count: int) -> int | None:
        """Return the first of `count` areas whose last row is not above `row`."""
        size = len(self.tree) // 2
        if count == 0 or self.tree[1] < row:
            return None
        node = 1
        while node < size:
            node = 2 * node if self.tree[2 * node] >= row else 2 * node + 1
        return node - size if node - size < count else None
