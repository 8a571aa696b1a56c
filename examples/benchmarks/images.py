"""Photos: how quickly they are hashed, which bits move, which copies are found, and what is taken for a copy.

    python examples/benchmarks/images.py [--photos 120] [--runs 5] [--data DIR] [--no-imagededup] [--json FILE]

Speed is photos a CPU second from the file's bytes on. Theirs gives a 64-bit hash; ours gives that, a 256-bit hash,
colours, information and size, and ingest a JPEG of 512 pixels as well. The photos are drawn, or those of a real
catalog (DIR/fashion_catalog/catalog.parquet, see examples/fashion.yaml), and enlarged to usual sizes. imagededup needs
torch, so it gets an environment of its own, made by uv; where that cannot be made it is left out.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from eclip.examples.sample import write_sample
from eclip.quality.images.decode import decode
from eclip.quality.images.description import describe, hash_photos
from eclip.quality.images.hashes import colour_distance, from_hex, hamming
from eclip.schemas.config import HashPath
from eclip.schemas.deduplicate_config import DeduplicateConfig
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

SIZES = (224, 512, 1200)  # pixels
FAR_64 = 8  # bits of the 64-bit hash up to which pairs are looked at
GRID = [(bits, colour) for bits in (8, 16, 24, 32, 40) for colour in (2, 3, 4, 6, 12)]
PEERS = (
    ("hash, fast", "imagehash", "imagehash.phash"),
    ("hash, exact", "imagehash", "imagehash.phash"),
    ("hash, fast", "imagededup", "imagededup PHash"),
    ("ingest, fast", "thumbnails", "imagehash.phash + Pillow"),
    ("ingest, exact", "thumbnails", "imagehash.phash + Pillow"),
)
DEDUP = """
import sys, time, logging
from pathlib import Path
from imagededup.methods import PHash
hasher, files = PHash(verbose=False), sorted(Path(sys.argv[1]).iterdir())
hasher.encode_image(files[0])
started = time.process_time()
for file in files:
    hasher.encode_image(file)
print(time.process_time() - started)
"""


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """Encode."""
    image.save(sink := io.BytesIO(), "JPEG", quality=quality)
    return sink.getvalue()


def enlarged(image: Image.Image, side: int) -> Image.Image:
    """Resize to this longer side."""
    scale = side / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def badge(image: Image.Image) -> Image.Image:
    """Put a shop's round badge into a corner."""
    image, end = image.copy(), 4 + min(image.size) * 0.2
    ImageDraw.Draw(image).ellipse((4, 4, end, end), fill=(210, 30, 40))
    return image


def watermark(image: Image.Image) -> Image.Image:
    """Write a faint address across."""
    image = image.copy()
    pen = ImageDraw.Draw(image, "RGBA")
    pen.text((image.width / 2, image.height * 0.8), "www.shop.example", (120, 120, 120, 150), anchor="mm",
             font_size=image.width / 12)  # fmt: skip
    return image


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Cut about so much off each side."""
    wide, high = image.width * share, image.height * share
    return image.crop((round(wide), round(high * 0.6), round(image.width - wide * 0.8), round(image.height - high)))


def recoloured(image: Image.Image, degrees: float) -> Image.Image:
    """Turn all hues."""
    hsv = np.array(image.convert("HSV"))
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees / 360 * 256)) % 256
    return Image.fromarray(hsv, "HSV").convert("RGB")


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "recompressed, quality 60": lambda im: jpeg(im, 60),
    "recompressed, quality 40": lambda im: jpeg(im, 40),
    "resized to 60 %": lambda im: jpeg(enlarged(im, round(max(im.size) * 0.6))),
    "watermarked": lambda im: jpeg(watermark(im)),
    "badge in a corner": lambda im: jpeg(badge(im)),
    "15 % brighter": lambda im: jpeg(ImageEnhance.Brightness(im).enhance(1.15)),
    "cropped by 3 %": lambda im: jpeg(cropped(im, 0.03)),
    "cropped by 8 %": lambda im: jpeg(cropped(im, 0.08)),
    "white border of 5 %": lambda im: jpeg(ImageOps.expand(im, round(im.width * 0.05), (255, 255, 255))),
    "mirrored": lambda im: jpeg(ImageOps.mirror(im)),
    "recoloured by 30 degrees": lambda im: jpeg(recoloured(im, 30)),
    "recoloured by 120 degrees": lambda im: jpeg(recoloured(im, 120)),
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def by_imagehash(files: list[bytes]) -> list[str]:
    """Decode by Pillow and hash."""
    return [str(imagehash.phash(Image.open(io.BytesIO(data)))) for data in files]


def thumbnails(files: list[bytes]) -> None:
    """The same, and keep a JPEG of 512 pixels."""
    for data in files:
        image = Image.open(io.BytesIO(data))
        imagehash.phash(image)
        image.thumbnail((512, 512), Image.Resampling.LANCZOS)
        jpeg(image)


def ingested(files: list[bytes], path: HashPath) -> None:
    """Do what ingest does with photos."""
    describe([decode(data, hash_path=path) for data in files])


def dedup_python(folder: Path) -> Path | None:
    """Make an environment with imagededup; None where it cannot be made."""
    uv = str(Path(sys.executable).with_name("uv"))
    python = folder / "bin/python"
    try:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True, timeout=60)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), "imagededup"]
        subprocess.run(install, check=True, timeout=900)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"imagededup is left out: {error}")
        return None
    return python


def speed(images: list[Image.Image], runs: int, dedup: Path | None, folder: Path) -> list[dict[str, Any]]:
    """Time ours and theirs in turn, size by size."""
    rows = []
    print(f"\n{'photos a CPU second':<44}{'ours':>9}{'theirs':>9}{'ratio':>8}   theirs is")
    for size in SIZES:
        files = [jpeg(enlarged(image, size)) for image in images]
        works: dict[str, Callable[[], object]] = {
            "imagehash": lambda: by_imagehash(files),  # noqa: B023
            "thumbnails": lambda: thumbnails(files),  # noqa: B023
            "hash, fast": lambda: hash_photos(files, "fast"),  # noqa: B023
            "hash, exact": lambda: hash_photos(files, "exact"),  # noqa: B023
            "ingest, fast": lambda: ingested(files, "fast"),  # noqa: B023
            "ingest, exact": lambda: ingested(files, "exact"),  # noqa: B023
        }
        times: dict[str, list[float]] = {name: [] for name in (*works, "imagededup")}
        place = folder / str(size)
        place.mkdir()
        for number, data in enumerate(files):
            (place / f"{number}.jpg").write_bytes(data)
        for run in range(runs + 1):  # the first one warms up
            for name, work in works.items():
                times[name] += [cpu_seconds(work)] * (run > 0)
            if dedup and run:
                done = subprocess.run([dedup, "-c", DEDUP, place], check=True, capture_output=True, text=True)
                times["imagededup"].append(float(done.stdout.split()[-1]))
        kilobytes = statistics.mean(map(len, files)) / 1000
        for mine, peer, called in PEERS:
            if times[peer]:
                ratio = statistics.median(b / a for a, b in zip(times[mine], times[peer], strict=True))
                ours, theirs = (len(files) / statistics.median(times[name]) for name in (mine, peer))
                work_done = f"{mine}: {size} px, {kilobytes:.0f} KB"
                print(f"{work_done:<44}{ours:>9,.0f}{theirs:>9,.0f}{ratio:>8.2f}   {called}")
                rows.append({"work": work_done, "peer": called, "unit": "photos/CPU s", "ours": ours, "theirs": theirs,
                             "ratio": ratio})  # fmt: skip
    return rows


def moved(images: list[Image.Image]) -> None:
    """Count the bits in which our hashes differ from imagehash's."""
    print(f"\n{'bits that differ from imagehash':<34}{'of 64: mean':>12}{'most':>6}{'of 256: mean':>14}{'most':>6}")
    for size in SIZES:
        files = [jpeg(enlarged(image, size)) for image in images]
        long = [str(imagehash.phash(Image.open(io.BytesIO(data)), hash_size=16)) for data in files]
        for path in ("exact", "fast"):
            ours = hash_photos(files, path)
            short = hamming(from_hex(by_imagehash(files), 64), from_hex(list(ours["phash"]), 64))
            whole = hamming(from_hex(long, 256), from_hex(list(ours["phash256"]), 256))
            figures = f"{short.mean():>12.2f}{short.max():>6}{whole.mean():>14.2f}{whole.max():>6}"
            print(f"{f'{path}: {size} px':<34}{figures}")


def apart(left: pd.DataFrame, right: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """64-bit, 256-bit and colour distances, row by row."""
    colours = [np.frombuffer(b"".join(frame["colour"]), np.uint8).reshape(-1, 192) for frame in (left, right)]
    short, long = ([from_hex(list(frame[name]), bits) for frame in (left, right)]
                   for name, bits in (("phash", 64), ("phash256", 256)))  # fmt: skip
    return hamming(*short), hamming(*long), colour_distance(*colours)


def copies(images: list[Image.Image], path: HashPath) -> None:
    """Count the copies that are found by the default thresholds. Recoloured ones must not be."""
    config = DeduplicateConfig()
    near = f"{config.image_distance} bits of 256 and colour {config.colour_distance:g}"
    print(f"\n{f'{path}: copies within {near}':<62}{'found':>8}{'256 bits: median':>18}{'colour: median':>16}")
    first = hash_photos([jpeg(image) for image in images], path)
    # Only a photo with colours can be recoloured.
    bright = [np.ptp(np.frombuffer(c, np.uint8).reshape(64, 3).astype(int), axis=1).max() > 40 for c in first["colour"]]
    for name, change in COPIES.items():
        some = np.array(bright) if name.startswith("recoloured") else np.ones(len(images), bool)
        _, long, colour = apart(
            first[some], hash_photos([change(i) for i, k in zip(images, some, strict=True) if k], path)
        )
        found = ((long <= config.image_distance) & (colour <= config.colour_distance)).mean()
        print(f"{name:<62}{found:>8.3f}{np.median(long):>18.0f}{np.median(colour):>16.1f}")


def near_pairs(hashed: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """All pairs within FAR_64 bits of the 64-bit hash."""
    short = from_hex(list(hashed["phash"]), 64)
    found = [np.flatnonzero(hamming(np.broadcast_to(short[i], short[i + 1 :].shape), short[i + 1 :]) <= FAR_64) + i + 1
             for i in range(len(short))]  # fmt: skip
    return np.repeat(np.arange(len(short)), list(map(len, found))), np.concatenate(found)


def catalog(table: pd.DataFrame, size: int) -> None:
    """Say of real photos which pairs are taken for one photo, and whether colour and type agree."""
    config, confirmed, given, sha = DeduplicateConfig(), {}, list(table["image_bytes"]), table["image_sha1"].to_numpy()
    files = [jpeg(enlarged(Image.open(io.BytesIO(b)).convert("RGB"), size)) for b in given]
    for path, data in (("exact", given), (f"exact, {size} px", files), (f"fast, {size} px", files)):
        hashed = hash_photos(data, "fast" if path.startswith("fast") else "exact")
        left, right = near_pairs(hashed)
        _, long, colour = apart(hashed.iloc[left], hashed.iloc[right])
        print(f"\n{path + ': 256 bits, colour':<34}{'pairs':>8}{'same type':>11}{'same colour':>13}")
        for bits, shade in GRID if path == "exact" else [(config.image_distance, config.colour_distance)]:
            _agreeing(table, left, right, (long <= bits) & (colour <= shade), f"{bits}, {shade:g}")
        chosen = (long <= config.image_distance) & (colour <= config.colour_distance)
        equal = (sha[left] == sha[right]) & chosen  # one photo to everybody: whether labels agree tells of the labels
        _agreeing(table, left, right, equal, "by default, equal byte by byte")
        _agreeing(table, left, right, chosen & ~equal, "by default, other bytes")
        confirmed[path] = set(zip(left[chosen].tolist(), right[chosen].tolist(), strict=True))
    _, exact, fast = confirmed.values()
    print(f"\nfast instead of exact at {size} px: {len(fast - exact)} pairs more, {len(exact - fast)} fewer")


def _agreeing(table: pd.DataFrame, left: np.ndarray, right: np.ndarray, taken: np.ndarray, name: str) -> None:
    """Print in how many of some pairs the labels agree."""
    labels = table[["articleType", "baseColour"]].to_numpy()
    same = (labels[left] == labels[right])[taken].mean(axis=0)
    print(f"{name:<34}{taken.sum():>8,}{same[0]:>11.3f}{same[1]:>13.3f}")


def main() -> None:
    """Draw or read photos, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--no-imagededup", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        if options.data:
            table = pq.read_table(options.data / "fashion_catalog/catalog.parquet").to_pandas()
            files = list(table["image_bytes"].sample(options.photos, random_state=0))
        else:
            write_sample(base / "catalog", rows=2 * options.photos, seed=1)
            files = [p.read_bytes() for p in sorted((base / "catalog").rglob("*.jpg")) if p.stat().st_size > 3000]
        shown = hash_photos(files)["error"].isna()
        images = [Image.open(io.BytesIO(f)).convert("RGB") for f, good in zip(files, shown, strict=True) if good]
        images = images[: options.photos]
        dedup = None if options.no_imagededup else dedup_python(base / "dedup")
        rows = speed(images, options.runs, dedup, base)
        moved(images)
        for path in ("exact", "fast"):
            copies([enlarged(image, 512) for image in images], path)
        if options.data:
            catalog(table, 512)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
