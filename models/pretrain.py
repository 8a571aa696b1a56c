"""e-CLIP pretraining: one loop, readable from top to bottom.

    pretrain(Pairs.read(train, frame), Pairs.read(val, frame), config, Path("pretrain"))

Writes FOLDER/metrics.jsonl, FOLDER/checkpoints/ and at the end FOLDER/model/, an open_clip folder. Every
random draw follows from (seed, step), and on the CPU one thread adds up in one order: a training that was
killed and called again ends with the very bytes of one that was not. That holds on one machine; another
processor rounds differently.
"""

from __future__ import annotations

import json
import math
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from ..schemas.config import PretrainConfig
from ..schemas.errors import EclipError
from . import checkpoints, eclip, validation
from .card import card
from .data import Pairs, drop_words
from .transforms import augment

LOG_EVERY = 10  # steps
MAX_PROMPTS = 256  # categories encoded in one step; more are drawn anew each step
FROM_SCRATCH, FINE_TUNED = 4e-3, 1e-5  # learning rates


def pretrain(
    train: Pairs,
    val: Pairs | None,
    config: PretrainConfig,
    folder: Path,
    on_step: Callable[[int, int], None] | None = None,
    on_checkpoint: Callable[[], None] | None = None,
) -> dict[str, float]:
    """Train on pairs and measure on others, going on from the newest checkpoint in `folder` if there is one.

    Args:
        train: rows to learn from, at least two.
        val: other rows to measure on; None or no rows: nothing is measured.
        config: what to train and how.
        folder: where everything is written.
        on_step: called after each step with the steps done and all steps.
        on_checkpoint: called when a checkpoint is written, and old ones are removed.

    Returns:
        "loss" (mean of the last logged steps) and "logit_scale"; with `val` what `validation.measure` gives:
        retrieval beside chance and CCA, categories by their names beside the majority.

    Raises:
        EclipError: torch is missing or broken, the model to start from cannot be loaded, or there are under
            two rows.
    """
    eclip.require_torch()
    import torch

    from .loss import catalog_loss, prompt_loss

    if len(train) < 2:
        raise EclipError(f"{len(train)} training pairs; a contrast needs at least two, and is worth it from 1,000")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    names = sorted({c for c in train.categories if c}) if config.category_prompts else []
    number = {name: i for i, name in enumerate(names)}
    category = np.asarray([number.get(c or "", -1) for c in train.categories])

    with eclip.one_thread():
        torch.manual_seed(config.seed)
        # Categories are read as prompts, so their words should be tokens too.
        model = eclip.load(Path(config.model)) if config.model else eclip.build(config, train.titles + names)
        network = model.network.to(device, memory_format=torch.channels_last).train()
        products, families = (torch.from_numpy(x).to(device) for x in (train.products, train.families))
        prompts = model.tokenize(names).to(device) if names else None
        decayed = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
        others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
        optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": config.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=0.0,
            betas=(0.9, 0.98),
        )
        saved = checkpoints.Checkpoints(folder / "checkpoints", _identity(train, config))
        first = saved.resume(network, optimizer)
        log = _Log(folder / "metrics.jsonl", first, {"device": device, "precision": _precision(device)})

        batches = train.batches(config.seed, config.batch, first)
        for step, rows in zip(range(first, config.steps), batches, strict=False):
            rate = _learning_rate(step, config)
            for group in optimizer.param_groups:
                group["lr"] = rate
            # What a step draws depends on its number, never on what was drawn before it.
            torch.manual_seed(_seed(config.seed, step))
            draw, generator = np.random.default_rng([config.seed, step]), torch.Generator()
            generator.manual_seed(_seed(config.seed, step) + 1)
            photos = augment(train.photos[rows], model.preprocess, generator, device)
            words = drop_words([train.titles[i] for i in rows], config.word_dropout, draw)
            titles = model.tokenize(words).to(device)
            if prompts is not None:
                asked, answers = _prompts(category[rows], len(names), draw)
                titles = torch.cat([titles, prompts[torch.from_numpy(asked).to(device)]])
            with _autocast(device):
                images = network.encode_image(photos, normalize=True).float()
                texts = network.encode_text(titles, normalize=True).float()
            scale = network.logit_scale.exp()
            mine = torch.from_numpy(rows).to(device)
            loss = catalog_loss(images, texts[: len(rows)], scale, products[mine], families[mine])
            if prompts is not None:
                right = torch.from_numpy(answers).to(device)
                term = prompt_loss(images, texts[: len(rows)], texts[len(rows) :], scale, right)
                loss = loss + config.category_prompts * term

            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                network.logit_scale.clamp_(0, math.log(100))  # CLIP's bounds: a factor of 1 to 100
            done, value = step + 1, float(loss.detach())
            if done % LOG_EVERY == 0 or done == config.steps:
                log.write(done, value, float(network.logit_scale.detach().exp()), rate)
            if done % config.checkpoint_every == 0 or done == config.steps:
                saved.save(done, network, optimizer)
                if on_checkpoint:
                    on_checkpoint()
            if on_step:
                on_step(done, config.steps)

        metrics = {"loss": log.recent(), "logit_scale": float(network.logit_scale.detach().exp())}
        network.eval()
        if val is not None and len(val):
            metrics |= validation.measure(model, train, val, device)
    _publish(model, folder / "model", card(len(train), len(names), config, metrics))
    return metrics


def _learning_rate(step: int, config: PretrainConfig) -> float:
    """Rise linearly for `warmup` steps, then fall as a cosine to 0."""
    top = config.learning_rate or (FINE_TUNED if config.model else FROM_SCRATCH)
    if step < config.warmup:
        return top * (step + 1) / config.warmup
    return top * 0.5 * (1 + math.cos(math.pi * (step - config.warmup) / max(1, config.steps - config.warmup)))


def _prompts(category: np.ndarray, names: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose the categories to compare a batch with: its own, then others at random up to MAX_PROMPTS."""
    if names <= MAX_PROMPTS:
        return np.arange(names), category
    own = np.unique(category[category >= 0])
    rest = np.setdiff1d(np.arange(names), own)
    asked = np.concatenate([own, draw.choice(rest, max(0, min(MAX_PROMPTS - len(own), len(rest))), replace=False)])
    return asked, np.where(category >= 0, np.searchsorted(own, category), -1)


def _precision(device: str) -> str:
    import torch

    # Without bfloat16 instructions a processor emulates them, slower than plain float32.
    native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return "bf16" if device == "cuda" or native() else "fp32"


@contextmanager
def _autocast(device: str) -> Iterator[None]:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    if _precision(device) == "fp32":
        yield
    elif device == "cuda":
        with torch.autocast(device, torch.bfloat16):
            yield
    else:
        # On the CPU the fused attention's backward pass is ten times slower in bfloat16 than in float32.
        with torch.autocast(device, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            yield


def _seed(seed: int, step: int) -> int:
    return xxhash.xxh64_intdigest(f"{seed}:{step}".encode()) >> 2


def _identity(train: Pairs, config: PretrainConfig) -> str:
    """Name a training: a checkpoint of another configuration or other rows is not resumed."""
    start = eclip.content_hash(Path(config.model)) if config.model else ""
    settings = config.model_dump(exclude={"checkpoint_every", "model"})
    total = xxhash.xxh3_128(json.dumps([settings, start]).encode())
    for part in (train.photos, train.products, train.families):
        total.update(np.ascontiguousarray(part).data)
    total.update(json.dumps([train.titles, train.categories]).encode())
    return total.hexdigest()


class _Log:
    """Write one JSON line a logged step; nothing in it depends on when or how often training was started."""

    def __init__(self, file: Path, first: int, constant: dict[str, str]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.lines: list[dict[str, Any]] = []
        if first and file.exists():
            for line in file.read_text("utf-8").splitlines():
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    break  # the last line of a killed run
        self.lines = [line for line in self.lines if line["step"] <= first]
        self.file, self.constant = file, constant
        file.write_text("".join(json.dumps(line) + "\n" for line in self.lines), "utf-8")

    def write(self, step: int, loss: float, scale: float, rate: float) -> None:
        line = {"step": step, "loss": loss, "logit_scale": scale, "learning_rate": rate, **self.constant}
        self.lines.append(line)
        with self.file.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")

    def recent(self) -> float:
        return float(np.mean([line["loss"] for line in self.lines[-5:]])) if self.lines else math.nan


def _publish(model: eclip.Model, target: Path, readme: str) -> None:
    temporary = target.with_name(f".tmp-{uuid.uuid4().hex}")
    eclip.save(model, temporary, readme)
    if target.exists():
        shutil.rmtree(target)
    temporary.rename(target)
