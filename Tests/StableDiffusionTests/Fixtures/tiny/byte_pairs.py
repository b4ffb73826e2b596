# SPDX-License-Identifier: Apache-2.0
"""A small vocabulary in the form of CLIP's: byte letters, the same ending a word, merges, start and end of text."""
import json
import re
from collections import Counter

CORPUS = """
a photo of an astronaut riding a horse on mars, a photograph of the moon over the mountains at sunset
a painting of a red fox in the snow, an oil painting of a lighthouse in a storm, a watercolor of a sailing boat
a drawing of two cats on a sofa, a small house with a green roof and a garden, a bowl of fruit on a wooden table
portrait of an old man with a white beard, portrait of a young woman, highly detailed, sharp focus, studio light
blurry, low quality, bad anatomy, deformed, watermark, text, ugly, jpeg artifacts, out of frame, cropped
the big blue circle and the little yellow square on a black background, three orange triangles, a purple star
"""


def letters():
    """The 256 bytes as the printable characters that CLIP's vocabulary writes for them, in its order."""
    printable = [byte for byte in range(256) if 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(256 - len(printable))]


def train(count):
    """The `count` merges that byte-pair encoding learns from the corpus; equally frequent pairs go by the alphabet."""
    words = Counter((*word[:-1], word[-1] + "</w>") for word in re.findall(r"[a-z]+|[^\sa-z]+", CORPUS))
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, frequency in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += frequency
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = Counter({merge(word, best): frequency for word, frequency in words.items()})
    return merges


def merge(word, pair):
    """`word` with every occurrence of `pair`, from the left, joined."""
    joined, index = [], 0
    while index < len(word):
        width = 2 if word[index:index + 2] == pair else 1
        joined.append("".join(word[index:index + width]))
        index += width
    return tuple(joined)


def write_tokenizer(folder, size):
    """Write the four files of a CLIPTokenizer with `size` entries; the padding token is "!", id 0, as SD 2.1's is."""
    merges = train(size - 2 * 256 - 2)
    entries = letters() + [letter + "</w>" for letter in letters()] + ["".join(pair) for pair in merges]
    entries += ["<|startoftext|>", "<|endoftext|>"]
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "!",
               "unk_token": "<|endoftext|>"}
    folder.mkdir(parents=True)
    vocabulary = json.dumps({entry: index for index, entry in enumerate(entries)}, ensure_ascii=False)
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True,
         "add_prefix_space": False, "errors": "replace"} | special, indent=2) + "\n")
