# SPDX-License-Identifier: Apache-2.0
"""Makes the tokenizer: CLIP's byte-level BPE, with merges for the words of the vocabulary only.

All 256 bytes are tokens, alone and at the end of a word, so any prompt can be encoded; a word of
the training captions is one token. As in Stable Diffusion 2.1, prompts are padded with id 0.
"""

import json
import re
from collections import Counter
from pathlib import Path

import scenes

START, END, PAD = "<|startoftext|>", "<|endoftext|>", "!"


def byte_symbols() -> list[str]:
    """A printable character for each byte, in the order of CLIP's vocabulary (GPT-2's table)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]


def caption_words() -> list[str]:
    """Every word a caption can hold, split as CLIP splits: letters together, digits one by one."""
    tables = [scenes.STYLE, scenes.NEGATIVE, scenes.NIGHT, scenes.DAY, scenes.COLOURS, scenes.PATTERNS, scenes.NUMBERS]
    tables += [words for both in scenes.SUBJECTS.values() for words in both]
    tables += [*scenes.BACKGROUNDS.values(), *scenes.CLOTHES.values(), *scenes.WEATHERS.values()]
    tables += [*scenes.RELATIONS.values(), scenes.LEAD, ["a", "an", "the", ","]]
    words: Counter = Counter()
    for text in (text for table in tables for text in table):
        words.update(re.findall(r"'s|[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower()))
    return sorted(words)


def simple_ids(vocabulary: dict[str, int], text: str) -> list[int]:
    """The ids of a training caption, whose every word is one token: what CLIP's tokenizer gives, without its search."""
    words = re.findall(r"'s|[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower())
    ids = [vocabulary[START], *(vocabulary[word + "</w>"] for word in words), vocabulary[END]]
    return ids + [vocabulary[PAD]] * (77 - len(ids))


def learn_merges(words: list[str]) -> list[tuple[str, str]]:
    """Merges the most frequent pair until every word is one token; ties go to the first in order."""
    pieces = [[*word[:-1], word[-1] + "</w>"] for word in words]
    merges = []
    while pairs := Counter(pair for piece in pieces for pair in zip(piece, piece[1:])):
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for piece in pieces:
            i = 0
            while i < len(piece) - 1:
                if (piece[i], piece[i + 1]) == best:
                    piece[i : i + 2] = ["".join(best)]
                i += 1
    return merges


def write_tokenizer(folder: Path) -> None:
    """Writes the four files of a CLIP tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = learn_merges(caption_words())
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges] + [START, END]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens):
        raise ValueError("two merges make the same token")

    def write(name: str, content: dict) -> None:
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    write("vocab.json", vocabulary)
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def special(content: str, normalized: bool = True) -> dict:
        return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False}

    write(
        "special_tokens_map.json",
        {"bos_token": special(START), "eos_token": special(END), "pad_token": PAD, "unk_token": special(END)},
    )
    write(
        "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": START,
            "do_lower_case": True,
            "eos_token": END,
            "errors": "replace",
            "model_max_length": 77,
            "pad_token": PAD,
            "tokenizer_class": "CLIPTokenizer",
            "unk_token": END,
        },
    )
