"""A byte-level BPE tokenizer learnt from a catalog's own titles.

Bytes, because titles come in every script and nothing must be unknown; learnt, because a published vocabulary
spends its tokens on prose, not on "USB-C" and "Gr. 42". It is saved as Hugging Face files, so open_clip loads
it without us.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
PAD_ID, EOS_ID = 0, 2  # the model's configuration names these


def train(titles: Iterable[str], vocabulary: int, context_length: int) -> PreTrainedTokenizerFast:
    """Learn byte pairs (Sennrich et al., ACL 2016) from titles, whose order does not matter.

    Titles are NFKC-normalised and lower-cased, also when they are read later.

    Args:
        titles: what to learn from.
        vocabulary: tokens, the 256 bytes and three marks among them; fewer where the titles hold no more
            pairs.
        context_length: tokens of a title, its two marks among them; the rest is cut off.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(titles), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, 1), (EOS, EOS_ID)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        model_max_length=context_length,
    )


def save(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
