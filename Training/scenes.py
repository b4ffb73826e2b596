# SPDX-License-Identifier: Apache-2.0
"""The vocabulary: what a scene can hold, and the captions that describe it.

A scene is drawn from one random seed, so its labels are known exactly and no picture is ever
annotated by hand. Every table below can be enlarged; `draw.py` needs one function per new
subject or background.
"""

from dataclasses import dataclass
from random import Random

# name -> (words for it, colour when the caption names none)
SUBJECTS = {
    "cat": (("cat", "kitten"), "orange"),
    "bear": (("bear", "teddy bear"), "black"),
    "robot": (("robot",), "blue"),
    "rocket": (("rocket", "spaceship"), "white"),
    "house": (("house",), "yellow"),
    "tree": (("tree",), "green"),
    "car": (("car",), "red"),
    "boat": (("boat", "sailboat"), "red"),
}
CHARACTERS = ("cat", "bear", "robot")  # those who can wear a suit
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
CALICO = "calico"  # a coat rather than a colour: cats only
# name -> phrases; "studio" is the background of a caption that names none
BACKGROUNDS = {
    "studio": ("",),
    "meadow": ("in a meadow", "on the grass"),
    "beach": ("on the beach", "by the sea"),
    "city": ("in the city", "in a city street"),
    "forest": ("in the forest", "in the woods"),
    "desert": ("in the desert",),
    "snow": ("in the snow", "in the snowy mountains"),
    "space": ("in space", "on the moon"),
}
OUTDOORS = ("meadow", "beach", "city", "forest", "desert", "snow")  # those that know day and night
SUITS = (
    "wearing a cosmonaut suit",
    "in a cosmonaut suit",
    "wearing an astronaut suit",
    "wearing a space suit",
)
NIGHT = ("at night", "at night under the moon")
DAY = ("", "", "", "on a sunny day", "during the day")
# Words people put in prompts that say nothing about the scene. Training shows each beside
# every scene, so that the model learns to pay them no attention.
STYLE = (
    "3d render", "pixar style", "8k", "4k", "high resolution", "highly detailed", "cute", "cartoon",
    "illustration", "digital art", "vector art", "masterpiece", "best quality", "sharp focus",
    "soft light", "studio lighting", "colorful", "beautiful", "painting", "photo", "realistic",
    "trending on artstation", "children's book", "flat design", "octane render", "hd",
)  # fmt: skip
NEGATIVE = ("blurry", "low quality", "ugly", "deformed", "watermark", "text", "bad anatomy", "worst quality")


@dataclass(frozen=True)
class Scene:
    """What a picture shows. `seed` sets the jitter of the drawing and nothing that a caption names."""

    subject: str
    colour: str
    suit: bool
    background: str
    night: bool
    seed: int

    @staticmethod
    def sample(seed: int) -> "Scene":
        rng = Random(seed)
        # Cats come twice as often: they carry one coat and one suit more than a house does.
        subject = rng.choice([*SUBJECTS, "cat"])
        coats = [*COLOURS, CALICO, CALICO] if subject == "cat" else [*COLOURS]
        background = rng.choice([*BACKGROUNDS])
        return Scene(
            subject=subject,
            colour=rng.choice(coats),
            suit=subject in CHARACTERS and rng.random() < 0.4,
            background=background,
            night=background in OUTDOORS and rng.random() < 0.5,
            seed=rng.getrandbits(32),
        )

    def key(self) -> tuple:
        """The combination a caption can name, without the jitter."""
        return (self.subject, self.colour, self.suit, self.background, self.night)


def is_held_out(scene: Scene) -> bool:
    """True for one combination in four: training never sees these, the judge scores only these."""
    return Random("/".join(map(str, scene.key()))).random() < 1 / 4


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


def caption(scene: Scene, rng: Random, plain: bool = False) -> str:
    """One of the captions that describe `scene`; `plain` leaves out the words that say nothing."""
    words, default_colour = SUBJECTS[scene.subject]
    noun = words[0] if plain or rng.random() < 0.8 else rng.choice(words)
    named = plain or scene.colour != default_colour or rng.random() < 0.5
    parts = [f"{scene.colour} {noun}" if named else noun]
    if scene.suit:
        parts.append(SUITS[0] if plain or rng.random() < 0.5 else rng.choice(SUITS))
    phrases = BACKGROUNDS[scene.background]
    parts.append(phrases[0] if plain else rng.choice(phrases))
    if scene.background in OUTDOORS:
        if scene.night:
            parts.append(NIGHT[0] if plain else rng.choice(NIGHT))
        elif not plain:
            parts.append(rng.choice(DAY))
    text = " ".join(part for part in parts if part)
    if rng.random() < 0.5:
        text = ("an " if text[0] in "aeiou" else "a ") + text
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
