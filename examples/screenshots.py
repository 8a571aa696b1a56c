"""Take the README's pictures: the report and a review page of the sample catalog, by a headless browser.

    python -m eclip.examples.screenshots demo

writes examples/pictures/*.webp from the run in demo/run; anything else that is named is written to the folder given.
"""

from __future__ import annotations

import argparse
import html
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Whatever is asked of the network fails.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000")  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"
WINDOW = 500  # pixels; a window is never narrower, a frame may be
FRAME = """<!DOCTYPE html><meta charset="utf-8"><style>html, body {{ margin: 0; overflow: hidden }}
iframe {{ border: 0; display: block; width: {width}px; height: {height}px }}</style>
<iframe src="{page}{anchor}"></iframe>"""


def browser() -> str:
    """Find a browser.

    Raises:
        SystemExit: there is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("no chromium on this machine: apt-get install chromium")
    return found


def shoot(
    page: Path, target: Path, width: int, height: int, dark: bool = False, anchor: str = "", scale: float = 1
) -> None:
    """Take a picture of a page.

    Args:
        page: The HTML file.
        target: .png or .webp.
        width: Of the page, in CSS pixels.
        height: Of the picture, in CSS pixels.
        dark: Whether the reader prefers dark pages.
        anchor: Where on the page, as "#gates".
        scale: Device pixels for a CSS pixel.
    """
    with tempfile.TemporaryDirectory() as folder:
        frame, shot, copy = (Path(folder, name) for name in ("frame.html", "shot.png", "page.html"))
        # A picture is taken at once: no time to scroll smoothly.
        copy.write_text(page.read_text("utf-8").replace("scroll-behavior: smooth", "scroll-behavior: auto"), "utf-8")
        source = html.escape(copy.as_uri())
        frame.write_text(FRAME.format(page=source, anchor=html.escape(anchor), width=width, height=height), "utf-8")
        command = [
            browser(), *FLAGS, *([DARK] if dark else []), f"--user-data-dir={folder}/profile", f"--screenshot={shot}",
            f"--window-size={max(width, WINDOW)},{height}", f"--force-device-scale-factor={scale}", frame.as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(shot) as picture:
            picture.convert("RGB").crop((0, 0, round(width * scale), round(height * scale))).save(
                target, quality=82, method=6
            )


def main() -> None:
    """Take the pictures of a finished run of the sample catalog."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("catalog", type=Path, help="folder of the sample catalog, with its run in run/")
    parser.add_argument("--output", type=Path, default=PICTURES)
    given = parser.parse_args()
    from ..beam_pipelines.reviewing import write_page
    from ..beam_pipelines.run_folder import RunFolder
    from ..schemas.storage import Storage

    run = given.catalog / "run"
    report = run / "report" / "index.html"
    with tempfile.TemporaryDirectory() as folder:
        review = write_page(RunFolder(Storage.of(run)), "duplicates", 60, Path(folder, "duplicates.html"))
        for name, page, width, height, dark, anchor in (
            ("report", report, 1180, 1000, False, ""),
            ("report-dark", report, 1180, 1000, True, ""),
            ("report-narrow", report, 390, 1000, False, ""),
            ("duplicates", report, 1180, 900, False, "#sets"),
            ("thresholds", report, 1180, 900, False, "#thresholds"),
            ("review", review, 1180, 820, False, ""),
        ):
            shoot(page, given.output / f"{name}.webp", width, height, dark, anchor)
            print(given.output / f"{name}.webp")


if __name__ == "__main__":
    main()
