"""The head of a plain JPEG, read from its markers: opening it by Pillow takes a tenth of the time of hashing it.

Plain is what most shops serve: sequential, grey or of three colours, and without a segment that says more of the
picture than its size, such as how it was held. Everything else is for Pillow.
"""

from __future__ import annotations

from dataclasses import dataclass

SEQUENTIAL = (0xC0, 0xC1)  # markers of frames that decode in one scan (ITU-T T.81)
SCAN = 0xDA
PASSED = (0xC4, 0xDB, 0xDD, 0xE0, 0xFE)  # tables, restart interval, JFIF, comment


@dataclass(frozen=True)
class Head:
    """What Pillow would say of a plain JPEG, by the same names."""

    width: int
    height: int
    mode: str
    format: str = "JPEG"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


def jpeg_head(data: bytes) -> Head | None:
    """Read the head of a plain JPEG; None of any other file.

    >>> jpeg_head(b"GIF89a") is None
    True
    """
    head, at = None, 2
    if data[:2] != b"\xff\xd8":
        return None
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == SCAN:
            return head
        if marker in SEQUENTIAL and head is None:
            bits, height, width, parts = (
                data[at + 4],
                *(data[k] << 8 | data[k + 1] for k in (at + 5, at + 7)),
                data[at + 9],
            )
            if bits != 8 or not height or not width or parts not in (1, 3):
                return None
            head = Head(width, height, "L" if parts == 1 else "RGB")
        elif marker not in PASSED:
            return None
        at += 2 + (data[at + 2] << 8 | data[at + 3])
    return None
