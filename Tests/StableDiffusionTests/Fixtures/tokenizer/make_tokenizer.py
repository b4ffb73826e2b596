# SPDX-License-Identifier: Apache-2.0
"""Write CLIP's tokenizer files and what the reference tokenizers make of some 200 prompts.

    python make_tokenizer.py

writes, beside this script:
    clip/           vocab.json, merges.txt and the two small files exactly as Stable Diffusion 2.1 publishes their values
    prompts.json    a list of {text, ids, resaved, open_clip}; identifiers up to and including the end token

`ids` are those of transformers' CLIPTokenizer; `resaved` those it gives after a save and load, where special tokens are
no longer looked for in lower-cased text, and `open_clip` those of open_clip.tokenize, each only where it says something:
`resaved` where it differs, `open_clip` where its text repair (ftfy, HTML entities) changes nothing.

Made with transformers 5.23, tokenizers 0.23.3, open_clip_torch 3.3.0. Origin of the vocabulary: see clip/ORIGIN.md.
"""
import gzip
import json
import random
import shutil
import tempfile
import unicodedata
from pathlib import Path

import open_clip
from open_clip.tokenizer import basic_clean
from transformers import CLIPTokenizer

here = Path(__file__).parent
clip = here / "clip"


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tokenizer():
    package = Path(open_clip.__file__).parent
    with gzip.open(package / "bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1:49152 - 256 - 2 + 1]
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(byte) for byte in printing] + [chr(256 + index) for index in range(256 - len(printing))]
    tokens = letters + [letter + "</w>" for letter in letters] + [pair.replace(" ", "") for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    clip.mkdir(exist_ok=True)
    write_json(clip / "vocab.json", {token: identifier for identifier, token in enumerate(tokens)})
    (clip / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")

    def token(content):
        return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}

    begin, end = token("<|startoftext|>"), token("<|endoftext|>")
    write_json(clip / "special_tokens_map.json", {
        "bos_token": begin, "eos_token": end, "pad_token": "!", "unk_token": end})
    write_json(clip / "tokenizer_config.json", {
        "add_prefix_space": False, "bos_token": {"__type": "AddedToken", **begin}, "do_lower_case": True,
        "eos_token": {"__type": "AddedToken", **end}, "errors": "replace", "model_max_length": 77,
        "pad_token": "<|endoftext|>", "tokenizer_class": "CLIPTokenizer",
        "unk_token": {"__type": "AddedToken", **end}})


WRITTEN = [
    "", " ", "\n\t ", "a", "an astronaut riding a horse on Mars", "A Photo Of A CAT", "a cat, a dog; a bird.",
    "!", "! !! !!!", "wow! what a view!!", "hello!world", "!hello", "(masterpiece!:1.2)", "?!?!", "'!'", "!'s", "!\u0301a",
    "it's", "IT'S", "they're we've I'm you'll he'd don't", "'s", "''s", "rock 'n' roll", "dogs'", "o'clock", "'tis",
    "l'été", "it’s", "'re're've", "x'sy", "'l", "'v", "'",
    "2", "2023", "3d render 8k", "iphone14 pro max", "1,000.50", "24mm f/1.4", "½ cup", "x² + y³", "Ⅻ", "٣٤٥", "①②", "๑๒",
    "4k 8K uhd 1080p", "route-66", "v2.1", "mp3", "covid19", "100%",
    "<|startoftext|>", "<|endoftext|>", "a <|endoftext|> b", "a<|startoftext|>b<|endoftext|>c", "<|STARTOFTEXT|>",
    "x<|EndOfText|>y", "<|startoftext|", "<|endoftext|>!", "<|endoftext|><|endoftext|>", "<|end oftext|>", "!<|endoftext|>!!",
    "!!<|ENDOFTEXT|>!!", "<<|endoftext|>>", "<start_of_text>", "a<END_OF_TEXT>b", "<end_of_text>", "<|endoftext|>'s",
    "café", "cafe\u0301", "CAFÉ", "CAFE\u0301", "naïve façade", "Ångström", "A\u030angström", "\u212b", "\u2126", "ﬁne ﬂow",
    "Straße", "GROSSE STRASSE ẞ", "İstanbul", "ıI", "ΑΒΓ αβγ", "ΟΔΟΣ", "Привет, мир", "ÇĞŞ", "e\u0323\u0302", "e\u0302\u0323",
    "\u1e9b\u0323", "한국어", "\u1112\u1161\u11ab", "日本語の風景", "中文提示词", "山水画,水墨风格", "東京タワー", "カタカナ ﾊﾝｶｸ", "が か\u3099",
    "สวัสดี", "नमस्ते दुनिया", "שלום עולם", "مرحبا بالعالم", "ქართული", "ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ", "Ελληνικά", "ϐϑϒ", "Ʞʞ", "ᏣᎳᎩ", "ꭰꮳ",
    "🚀", "a 🐱 and a 🐶", "👨‍👩‍👧‍👦", "👍🏽", "🇯🇵", "❤️", "♥", "😀😀😀😀", "→ ← ↑", "★★★", "♪♫", "™®©", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𝟙𝟚𝟛", "𐐀𐐨",
    "a\x00b", "\x01\x02", "a\x07b", "a\x7fb", "a\x1cb", "a\u0085b", "tab\there", "line\nbreak", "cr\r\nlf", "a\u00a0b", "a\u3000b",
    "a\u200bb", "a\u200db", "\ufeffstart", "a\u2028b", "a\u180eb", "soft\u00adhyphen", "\ufffd", "\ue000", "\U000e0041", "a\u0300\u0301\u0302",
    "<b>bold</b>", "&amp; &lt;", "http://example.com/a?b=c&d=e", "user@example.com", "#hashtag @name", "C++ & C#", "$5 €6 £7 ¥8",
    "``code``", "\\n\\t", '"quoted"', "“curly”", "a—b–c", "…", "...", "a . b", "___", "snake_case_name", "CamelCaseName",
    "((((brackets))))", "[a:b:0.5]", "{x|y}", "a/b\\c", "~^`|", "++--**", "a  b   c    d", " lead and trail ",
    "wordwithoutanyspacesinitatallbutveryverylong", "antidisestablishmentarianism", "xqzjkvw", "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "low poly isometric art, trending on artstation, octane render, by greg rutkowski and alphonse mucha",
    "ultra-detailed portrait of a knight, intricate armour, volumetric light, 85mm, bokeh, film grain, masterpiece, best quality",
    "ugly, tiling, poorly drawn hands, poorly drawn feet, out of frame, extra limbs, disfigured, deformed, body out of frame, "
    "bad anatomy, watermark, signature, cut off, low contrast, underexposed, overexposed, bad art, beginner, amateur, distorted "
    "face, blurry, draft, grainy, duplicate, morbid, mutilated, mutation, extra fingers, fused fingers, too many fingers",
    "a " * 74, "a " * 75, "a " * 76, "a " * 75 + "!", "a " * 74 + "antidisestablishmentarianism", "!" * 200, "1" * 200,
    "🚀" * 60, "x" * 4000, "ab" * 2000, "é" * 4000, "' " * 2000,
]


def drawn(count):
    """Prompts from a seeded draw: words, letters and punctuation of every script, and pure noise."""
    draw = random.Random(20)
    scripts = [(0x20, 0x7E), (0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x52F), (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F),
               (0xE00, 0xE3A), (0x10A0, 0x10FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x218B), (0x2200, 0x23FF),
               (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xAD00), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0, 0x10FFFF)]
    special = ["!", "'s", "'LL", "<|endoftext|>", "<|startoftext|>", "<|EndOfText|>", " ", "7", "</w>", "photo", "Painting"]

    def piece():
        if draw.random() < 0.3:
            return draw.choice(special)
        first, last = draw.choice(scripts)
        while True:
            character = chr(draw.randint(first, last))
            # Unassigned ones differ between versions of Unicode.
            if unicodedata.category(character) not in ("Cn", "Cs"):
                return character
    return ["".join(piece() for _ in range(draw.choice([5, 20, 20, 60, 150]))) for _ in range(count)]


def until_end(ids, end=49407):
    last = max(index for index, identifier in enumerate(ids) if identifier == end)
    return ids[:last + 1]


def main():
    write_tokenizer()
    published = CLIPTokenizer.from_pretrained(clip)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(clip / name, folder)
        tokens = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "!", "unk_token": "<|endoftext|>"}
        write_json(Path(folder) / "special_tokens_map.json", tokens)
        resaved = CLIPTokenizer.from_pretrained(folder)

    def encode(tokenizer, text):
        ids = tokenizer(text, padding="max_length", truncation=True, max_length=77).input_ids
        assert len(ids) == 77 and ids[0] == 49406
        return until_end(ids)

    prompts = []
    for text in WRITTEN + drawn(30):
        entry = {"text": text, "ids": encode(published, text)}
        if (ids := encode(resaved, text)) != entry["ids"]:
            entry["resaved"] = ids
        composed = unicodedata.normalize("NFC", text)
        is_plain = basic_clean(text) == composed.strip() and "Σ" not in composed and not any(
            "\x1c" <= character <= "\x1f" for character in text)
        if is_plain:
            entry["open_clip"] = until_end(open_clip.tokenize([text])[0].tolist())
        prompts.append(entry)
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in prompts)
    (here / "prompts.json").write_text(f"[\n{lines}\n]\n")
    print(len(prompts), sum("open_clip" in entry for entry in prompts), sum("resaved" in entry for entry in prompts))


main()
