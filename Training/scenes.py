# SPDX-License-Identifier: Apache-2.0
"""The vocabulary: what a scene can hold, and the captions that describe it.

A scene is drawn from one random seed, so its labels are known exactly and no picture is ever
annotated by hand. Every table below can be enlarged; `subjects.py` and `backgrounds.py` need one function per new
subject or background.
"""

from dataclasses import dataclass
from random import Random

# name -> words for one, words for several
SUBJECTS = {
    "cat": (("cat", "kitten"), ("cats", "kittens")),
    "dog": (("dog", "puppy"), ("dogs", "puppies")),
    "rabbit": (("rabbit", "bunny"), ("rabbits", "bunnies")),
    "bear": (("bear", "teddy bear"), ("bears", "teddy bears")),
    "robot": (("robot",), ("robots",)),
    "snowman": (("snowman",), ("snowmen",)),
    "rocket": (("rocket", "spaceship"), ("rockets", "spaceships")),
    "house": (("house",), ("houses",)),
    "tree": (("tree",), ("trees",)),
    "car": (("car",), ("cars",)),
    "boat": (("boat", "sailboat"), ("boats", "sailboats")),
    "flower": (("flower",), ("flowers",)),
    "balloon": (("balloon", "hot air balloon"), ("balloons", "hot air balloons")),
    "mushroom": (("mushroom", "toadstool"), ("mushrooms", "toadstools")),
}
CHARACTERS = ("cat", "dog", "rabbit", "bear", "robot", "snowman")  # those who can wear something
COLOURS = {
    "red": (222, 50, 46),
    "orange": (246, 140, 34),
    "yellow": (250, 210, 48),
    "green": (62, 172, 78),
    "blue": (48, 110, 222),
    "purple": (146, 80, 204),
    "white": (246, 246, 248),
    "black": (60, 58, 68),
}
# Calico is a coat of three colours, and no colour is named with it: cats only.
PATTERNS = ("plain", "striped", "spotted", "calico")
CLOTHES = {
    "none": ("",),
    "suit": (
        "wearing a cosmonaut suit", "in a cosmonaut suit", "wearing an astronaut suit", "wearing a space suit",
    ),
    "hat": ("wearing a hat", "with a hat", "wearing a top hat"),
    "scarf": ("wearing a scarf", "with a scarf"),
}  # fmt: skip
# name -> phrases; "studio" is the background of a caption that names none
BACKGROUNDS = {
    "studio": ("", "", "on a plain background"),
    "meadow": ("in a meadow", "on the grass"),
    "beach": ("on the beach", "by the sea"),
    "city": ("in the city", "in a city street"),
    "forest": ("in the forest", "in the woods"),
    "desert": ("in the desert",),
    "mountains": ("in the mountains", "in the snowy mountains"),
    "space": ("in space", "on the moon"),
    "room": ("in a room", "in the living room"),
}
OUTDOORS = ("meadow", "beach", "city", "forest", "desert", "mountains")  # those that know day, night and weather
WEATHERS = {
    "clear": ("", "", "on a clear day"),
    "rain": ("in the rain", "on a rainy day"),
    "snow": ("in the snow", "while it snows"),
}
NIGHT = ("at night", "at night under the moon")
DAY = ("", "", "", "on a sunny day", "during the day")
NUMBERS = ("one", "two", "three", "four")
# How a first subject stands to a second.
RELATIONS = {
    "left": ("to the left of", "left of"),
    "right": ("to the right of", "right of"),
    "above": ("above",),
    "below": ("below", "under"),
}
# Words people put in prompts that say nothing about the scene. Training shows each beside
# every scene, so that the model learns to pay them no attention.
STYLE = (
    "3d render", "pixar style", "8k", "4k", "high resolution", "highly detailed", "cute", "cartoon",
    "illustration", "digital art", "vector art", "masterpiece", "best quality", "sharp focus",
    "soft light", "studio lighting", "colorful", "beautiful", "painting", "photo", "realistic",
    "trending on artstation", "children's book", "flat design", "octane render", "hd",
)  # fmt: skip
LEAD = ("a picture of", "a drawing of", "a photo of", "an image of")
NEGATIVE = ("blurry", "low quality", "ugly", "deformed", "watermark", "text", "bad anatomy", "worst quality")


@dataclass(frozen=True)
class Item:
    """A subject and how it looks."""

    subject: str
    colour: str
    pattern: str
    clothes: str

    @staticmethod
    def sample(rng: Random, subject: str | None = None) -> "Item":
        # Cats come more often: they carry one coat more than the others.
        subject = subject or rng.choice([*SUBJECTS, "cat"])
        patterns = ["plain"] * 5 + ["striped", "spotted"] * 2 + (["calico"] * 3 if subject == "cat" else [])
        clothes = ["none"] * 4 + ["suit", "suit", "hat", "scarf"] if subject in CHARACTERS else ["none"]
        pattern = rng.choice(patterns)
        # Calico's colours are its own; the label is that of its ground.
        colour = "white" if pattern == "calico" else rng.choice([*COLOURS])
        return Item(subject, colour, pattern, rng.choice(clothes))


@dataclass(frozen=True)
class Scene:
    """What a picture shows. `seed` sets the jitter of the drawing and nothing that a caption names.

    One item, `count` of them, or, where `relation` says how they stand, two that differ.
    """

    items: tuple[Item, ...]
    count: int
    relation: str
    background: str
    night: bool
    weather: str
    seed: int

    @staticmethod
    def sample(seed: int) -> "Scene":
        rng = Random(seed)
        first = Item.sample(rng)
        items, count, relation = (first,), 1, "none"
        kind = rng.random()
        if kind < 0.18:
            count = rng.choice((2, 3, 4))
        elif kind < 0.38:
            other = rng.choice([name for name in SUBJECTS if name != first.subject])
            items, relation = (first, Item.sample(rng, other)), rng.choice([*RELATIONS])
        background = rng.choice([*BACKGROUNDS, "studio"])
        outdoors = background in OUTDOORS
        return Scene(
            items=items,
            count=count,
            relation=relation,
            background=background,
            night=outdoors and rng.random() < 0.5,
            weather=rng.choice(("clear", "clear", "rain", "snow")) if outdoors else "clear",
            seed=rng.getrandbits(32),
        )

    def key(self) -> tuple:
        """The combination a caption can name, without the jitter."""
        return (self.items, self.count, self.relation, self.background, self.night, self.weather)


def is_held_out(scene: Scene) -> bool:
    """True for one combination in four: training never sees these, the judge scores only these.

    Held out is what the first item is, wherever it stands: its subject, colour, pattern and clothes with the
    background and the time of day.
    """
    item = scene.items[0]
    key = (item.subject, item.colour, item.pattern, item.clothes, scene.background, scene.night)
    return Random("/".join(map(str, key))).random() < 1 / 4


def training_scene(seed: int) -> Scene:
    """The scene of a training seed: the first of its chain of seeds that is not held out."""
    scene = Scene.sample(seed)
    while is_held_out(scene):
        scene = Scene.sample(seed := seed + 1_000_000_007)
    return scene


def held_out_scenes(count: int, first_seed: int = 10_000_000) -> list[Scene]:
    """Different held-out combinations, in seed order."""
    scenes: dict[tuple, Scene] = {}
    seed = first_seed
    while len(scenes) < count:
        scene = Scene.sample(seed)
        if is_held_out(scene):
            scenes.setdefault(scene.key(), scene)
        seed += 1
        if seed - first_seed > 1_000 * count:
            raise ValueError(f"the vocabulary holds fewer than {count} held-out combinations")
    return list(scenes.values())


def style_words(rng: Random, most: int) -> str:
    """Up to `most` style words, each after a comma."""
    return "".join(", " + word for word in rng.sample(STYLE, rng.randint(1, most)))


def with_article(text: str) -> str:
    return ("an " if text[0] in "aeiou" else "a ") + text


def item_words(item: Item, rng: Random, plain: bool, count: int = 1) -> str:
    """An item in words, without an article."""
    nouns = SUBJECTS[item.subject][count > 1]
    words = [nouns[0] if plain or rng.random() < 0.8 else rng.choice(nouns)]
    if item.pattern == "calico":
        words.insert(0, "calico")
    else:
        attributes = []
        # A colour that is not named is any: so a prompt without one leaves it to the seed, or to the negative prompt.
        if plain or rng.random() < 0.8:
            attributes.append(item.colour)
        if item.pattern != "plain":
            attributes.insert(rng.choice((0, 1)) if not plain else 0, item.pattern)
        words = attributes + words
    phrase = CLOTHES[item.clothes][0] if plain or rng.random() < 0.5 else rng.choice(CLOTHES[item.clothes])
    return " ".join([*words, phrase]).strip()


def caption(scene: Scene, rng: Random, plain: bool = False) -> str:
    """One of the captions that describe `scene`; `plain` names everything and says nothing else."""
    has_articles = plain or rng.random() < 0.5

    def one(item: Item) -> str:
        words = item_words(item, rng, plain)
        return with_article(words) if has_articles else words

    if scene.relation != "none":
        relations = RELATIONS[scene.relation]
        relation = relations[0] if plain else rng.choice(relations)
        parts = [f"{one(scene.items[0])} {relation} {one(scene.items[1])}"]
    elif scene.count > 1:
        words = item_words(scene.items[0], rng, plain, scene.count)
        parts = [f"{NUMBERS[scene.count - 1]} {words}"]
    else:
        parts = [one(scene.items[0])]
    phrases = BACKGROUNDS[scene.background]
    parts.append(phrases[0] if plain else rng.choice(phrases))
    if scene.background in OUTDOORS:
        weather = WEATHERS[scene.weather][0] if plain else rng.choice(WEATHERS[scene.weather])
        time = NIGHT[0] if plain else rng.choice(NIGHT)
        if not scene.night:
            time = "" if plain or weather else rng.choice(DAY)
        parts += [weather, time] if plain or rng.random() < 0.5 else [time, weather]
    text = " ".join(part for part in parts if part)
    if not plain and has_articles and rng.random() < 0.15:
        text = f"{rng.choice(LEAD)} {text}"
    if not plain and rng.random() < 0.5:
        text += style_words(rng, 5)
    return text


def empty_caption(rng: Random) -> str:
    """The caption of unconditional training: nothing, or only words that say nothing.

    The second kind teaches the model that a prompt of such words, a usual negative prompt among
    them, asks for no scene in particular.
    """
    if rng.random() < 0.7:
        return ""
    words = STYLE if rng.random() < 0.4 else NEGATIVE
    return ", ".join(rng.sample(words, rng.randint(1, 5)))
