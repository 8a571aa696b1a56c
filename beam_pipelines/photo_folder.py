"""Where the photos of an export lie, told from what its cells say and which folders are near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
SEPARATORS = ("|", ";", ",", " ")  # likeliest first
LOOKED = 50  # cells


def separator_of(cells: Sequence[str]) -> str | None:
    """Tell what stands between several photos of one cell; None where each cell names one.

    >>> separator_of(["a.jpg", "b.jpg|c.png"]), separator_of(["a, b.jpg"])
    ('|', None)
    """
    for sign in SEPARATORS:
        several = [cell.split(sign) for cell in cells if sign in cell.strip()]
        if several and all(part.strip().lower().endswith(ENDINGS) for parts in several for part in parts):
            return sign
    return None


def folder_of(cells: Sequence[str], separator: str | None, near: Path) -> Path | None:
    """Find the folder that most of the paths start from: that of the export, one in it, or the one above.

    Args:
        cells: Cells that name photos; URLs and absolute paths need no folder.
        separator: What stands between several photos of a cell.
        near: The folder of the export.
    """
    paths = [part.strip() for cell in cells[:LOOKED] for part in (cell.split(separator) if separator else [cell])]
    paths = [path for path in paths if path and "://" not in path and not path.startswith(("/", "["))]
    best: tuple[int, Path] | None = None
    for folder in _near(near) if paths else ():
        found = sum(_there(folder / path) for path in paths)
        if found and (best is None or found > best[0]):
            best = found, folder
    return best[1] if best and best[0] * 2 >= len(paths) else None


def _near(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    yield folder.parent


def _there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for a file, or none at all
        return False
