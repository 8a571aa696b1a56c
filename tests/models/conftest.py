import io
import os

# No test may reach for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pyarrow as pa
import pytest
from eclip.models.data import Pairs
from eclip.models.transforms import Preprocess
from eclip.schemas.config import HeadsConfig, PretrainConfig
from eclip.schemas.prediction import embeddings
from PIL import Image, ImageDraw

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (40, 70, 200), "yellow": (230, 210, 40)}
SHAPES = {"ball": "Toys > Balls", "box": "Home > Boxes", "tent": "Garden > Tents"}
TINY = PretrainConfig(
    image_size=32, width=32, embed_dim=16, context_length=12, vocabulary=300, steps=12, batch=8, warmup=2,
    checkpoint_every=6,
)  # fmt: skip


def draw(shape: str, colour: str, seed: int = 0, size: tuple[int, int] = (96, 80)) -> bytes:
    """A product photo: one shape of one colour on a nearly white ground."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(235, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    left, top = random.integers(2, 12, 2).tolist()
    right, bottom = size[0] - left, size[1] - top
    if shape == "ball":
        pen.ellipse([left, top, right, bottom], fill=COLOURS[colour])
    elif shape == "box":
        pen.rectangle([left, top, right, bottom], fill=COLOURS[colour])
    else:
        pen.polygon([(size[0] // 2, top), (right, bottom), (left, bottom)], fill=COLOURS[colour])
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def listings(count: int, seed: int = 0) -> list[dict[str, str | bytes]]:
    """Rows of the pairs contract: a product is a shape and a colour, a family is a shape and a maker."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, str | bytes]] = []
    for number in range(count):
        shape, colour = str(random.choice(list(SHAPES))), str(random.choice(list(COLOURS)))
        maker = f"maker{random.integers(0, count // 4 + 1)}"
        rows.append(
            {
                "id": f"{seed}-{number:04d}",
                "group_id": f"{seed} {shape} {maker}",
                "product_id": f"{seed} {shape} {maker} {colour}",
                "title": f"{colour} {shape} {maker}",
                "category": SHAPES[shape],
                "jpeg": draw(shape, colour, number),
            }
        )
    return rows


def pairs_of(rows: list[dict[str, str | bytes]], config: PretrainConfig = TINY) -> Pairs:
    return Pairs.of([pa.RecordBatch.from_pylist(rows)], Preprocess.of(config), len(rows))


@pytest.fixture(scope="session")
def tiny_config() -> PretrainConfig:
    return TINY


@pytest.fixture(scope="session")
def train_rows() -> list[dict[str, str | bytes]]:
    return listings(40, seed=0)


@pytest.fixture(scope="session")
def val_rows() -> list[dict[str, str | bytes]]:
    return listings(16, seed=1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, train_rows, val_rows):
    """A tiny training that ran through: its folder and what it returned."""
    from eclip.models.pretrain import pretrain

    folder = tmp_path_factory.mktemp("trained")
    return folder, pretrain(pairs_of(train_rows), pairs_of(val_rows), TINY, folder)


CATEGORIES = list(SHAPES.values())
DIMENSION = 16


def embedded(count=240, seed=0):
    """Embedded listings: the image vector knows shape and colour, the text vector the shape."""
    random = np.random.default_rng(seed)
    product = np.arange(count) // 3
    kind = random.integers(0, 12, count // 3)[product]
    shape, colour = kind // 4, kind % 4
    shapes, colours, products = np.eye(DIMENSION)[:3], np.eye(DIMENSION)[3:7], np.eye(DIMENSION)[7:]
    own = products[product % 9] * 0.7
    noise = random.normal(0, 0.12, (2, count, DIMENSION))
    image, text = shapes[shape] + colours[colour] + own + noise[0], 1.5 * shapes[shape] + own + noise[1]
    has_image, has_text = random.random(count) < 0.9, random.random(count) < 0.95
    image, text = (np.where(h[:, None], v, 0) for v, h in ((image, has_image), (text, has_text)))
    fused = image / np.maximum(1e-9, np.linalg.norm(image, axis=1))[:, None]
    fused = fused + text / np.maximum(1e-9, np.linalg.norm(text, axis=1))[:, None]
    vectors = {
        name: pa.FixedSizeListArray.from_arrays(
            pa.array((v / np.maximum(1e-9, np.linalg.norm(v, axis=1))[:, None]).astype(np.float16).ravel()),
            type=embeddings(DIMENSION).schema.field(name).type,
        )
        for name, v in (("image", image), ("text", text), ("fused", fused))
    }
    names, tints = list(SHAPES), list(COLOURS)
    attributes = [[{"name": "colour", "values": [tints[c]]}] for c in colour]
    return pa.table(
        {
            "id": [f"{i:04d}" for i in range(count)],
            **vectors,
            "has_image": has_image,
            "has_text": has_text,
            "title": [f"{names[s]} no {p}" for s, p in zip(shape, product, strict=True)],
            "category": [CATEGORIES[s] for s in shape],
            "attributes": attributes,
            "adult": (shape == 2).tolist(),
            "catalog_id": [f"p{p}" for p in product],
            "group_id": [f"g{p}" for p in product],
            "split": ["val" if p % 4 == 0 else "train" for p in product],
        }
    ), [draw(names[s], tints[c], i, (64, 64)) for i, (s, c) in enumerate(zip(shape, colour, strict=True))]


@pytest.fixture(scope="session")
def tuned(tmp_path_factory):
    from eclip.models.finetune import finetune

    rows, jpegs = embedded()
    folder = tmp_path_factory.mktemp("tuned")
    by_id = dict(zip(rows["id"].to_pylist(), jpegs, strict=True))
    by_id["0001"] = None  # a photo that has gone missing since
    asked = []

    def photos(ids):
        asked.extend(ids)
        return [by_id[i] for i in ids]

    return folder, finetune(rows, photos, HeadsConfig(adult="adult"), folder, "hash"), rows, asked
