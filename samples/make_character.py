# SPDX-License-Identifier: Apache-2.0
"""Draws the sample character, Mila: a head, eyes, brows and twelve mouths in two expressions, as SVG text.

    python samples/make_character.py samples/character

A mouth is two lips between two corners; what lies between is cut to that shape: the dark, teeth, tongue. All drawings
share one canvas and one line weight, so that any may follow any other.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

SIZE = 1080
LINE, THIN = 9, 6
INK, SKIN, SHADE, BLUSH = "#55252f", "#f8cfae", "#eab08f", "#f08f80"
HAIR, HAIR_LIGHT, HAIR_DARK = "#40304f", "#604b78", "#2f2340"
KNIT, KNIT_DARK, KNIT_LIGHT = "#f2b544", "#d8922c", "#f9d081"
DARK, TEETH, GAP, TONGUE, GLOSS, LIP = "#6b1a2b", "#fffaf1", "#ecdcd6", "#d95f6f", "#ec8b97", "#dd8078"
WHITE, IRIS, IRIS_DARK, PUPIL, STUD = "#fffdf8", "#4f8f86", "#2c5c58", "#22202b", "#3f9c92"
MOUTH_X, MOUTH_Y = 540, 744
LICENCE = "<!-- Mila, drawn for ofx_lipsync. CC0 1.0: use it as you like. -->"


def fill(d: str, colour: str, opacity: float = 1.0) -> str:
    faint = "" if opacity == 1 else f' fill-opacity="{opacity:g}"'
    return f'<path d="{d}" fill="{colour}"{faint}/>'


def line(d: str, width: float = LINE, colour: str = INK) -> str:
    ends = 'stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}" {ends}/>'


def oval(x: float, y: float, rx: float, ry: float, colour: str, opacity: float = 1.0) -> str:
    faint = "" if opacity == 1 else f' fill-opacity="{opacity:g}"'
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="{ry:g}" fill="{colour}"{faint}/>'


def cut(name: str, d: str, content: str) -> str:
    """The content inside a shape only."""
    return f'<clipPath id="{name}"><path d="{d}"/></clipPath><g clip-path="url(#{name})">{content}</g>'


def path(*parts: object) -> str:
    """`path("M", 0, 1, "H", 2.5)`: letters and numbers as an SVG path."""
    return " ".join(part if isinstance(part, str) else f"{float(part):.1f}" for part in parts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Mouth:
    """Half its width, how far lips lie above and below the middle, how high the corners are, all in px.

    round: 0 for corners that taper, 1 for an oval. bow: how far the upper lip dips in its middle. What shows inside:
    upper, lower: how far teeth reach, 0..1 of the opening; tongue: how high it lies, 0..1; tip: it touches the teeth.
    """

    wide: float
    up: float
    down: float
    corner: float = 0.0
    round: float = 0.0
    bow: float = 0.0
    upper: float = 0.0
    lower: float = 0.0
    tongue: float = 0.0
    tip: bool = False

    @property
    def tall(self) -> float:
        return self.up + self.down

    @property
    def bite(self) -> float:
        """Where the upper teeth end."""
        return -self.up + self.tall * self.upper


MOUTHS = {
    "Aa": Mouth(78, 34, 70, corner=-4, round=0.55, bow=3, upper=0.20, tongue=0.40),
    "D": Mouth(74, 20, 30, corner=-2, round=0.25, bow=2, upper=0.40, tongue=0.62, tip=True),
    "Ee": Mouth(98, 20, 30, corner=6, round=0.18, bow=2, upper=0.44, lower=0.20, tongue=0.30),
    "L": Mouth(72, 28, 46, corner=-2, round=0.40, bow=2, upper=0.24, tongue=0.9, tip=True),
    "Oh": Mouth(52, 42, 52, round=1.0, upper=0.10, tongue=0.26),
    "R": Mouth(54, 24, 30, round=0.65, bow=3, upper=0.34, tongue=0.46),
    "S": Mouth(86, 18, 22, corner=3, round=0.22, bow=2, upper=0.5, lower=0.5),
    "Uh": Mouth(62, 20, 32, corner=-2, round=0.45, bow=2, upper=0.26, tongue=0.36),
    "W-Oo": Mouth(29, 25, 29, round=1.0),
}


def happy(m: Mouth) -> Mouth:
    """The same sound with a smile: corners up and out, the upper lip straighter. Round lips can hardly smile."""
    if m.round > 0.9:
        return replace(m, wide=m.wide * 1.06, corner=m.corner + 4, up=m.up * 0.96, upper=m.upper and m.upper + 0.04)
    return replace(
        m, wide=m.wide * 1.18, corner=m.corner + 15, up=m.up * 0.80, round=m.round * 0.75, bow=0,
        upper=m.upper + 0.04,
    )  # fmt: skip


def lips(m: Mouth) -> str:
    """From the left corner along the upper lip to the right one, and along the lower lip back."""
    w, y, pointed = m.wide, -m.corner, 1 - m.round
    mid = w * (0.36 + 0.19 * m.round)
    # handles: at an oval's corner they stand upright, else they lean towards the middle
    high = y - (y + m.up) * (0.55 * m.round + 0.62 * pointed)
    low = y + (m.down - y) * (0.55 * m.round + 0.66 * pointed)
    u, d = w * (1 - 0.30 * pointed), w * (1 - 0.16 * pointed)
    return path(
        "M", -w, y, "C", -u, high, -mid, -m.up, 0, -m.up + m.bow, "C", mid, -m.up, u, high, w, y,
        "C", d, low, mid, m.down, 0, m.down, "C", -mid, m.down, -d, low, -w, y, "Z",
    )  # fmt: skip


def inside(m: Mouth) -> str:
    """Tongue, then teeth, to be cut to the lips."""
    w, parts = m.wide, []
    if m.tongue and not m.tip:
        parts.append(oval(0, m.down + 18, w * 0.66, 18 + m.tall * m.tongue, TONGUE))
    if m.lower:
        y = m.down - m.tall * m.lower
        parts.append(fill(path("M", -w, y, "Q", 0, y + 6, w, y, "V", m.down + 20, "H", -w, "Z"), TEETH))
    if m.upper:
        y = m.bite
        edge = ("Q", w * 0.7, y + 2, 0, y + 2, "Q", -w * 0.7, y + 2, -w, y - 8, "Z")
        parts.append(fill(path("M", -w, -m.up - 20, "H", w, "V", y - 8, *edge), TEETH))
    if m.upper + m.lower >= 0.95:
        parts.append(line(path("M", -w, m.bite - 2, "Q", 0, m.bite + 4, w, m.bite - 2), 4.5, DARK))
    if m.tip:
        parts.append(tongue_tip(m))
    return "".join(parts)


def tongue_tip(m: Mouth) -> str:
    """Against the back of the upper teeth, in front of all that is dark."""
    w, y, low = m.wide, m.bite, m.down - m.tall * 0.20
    side = ("C", w * 0.46, y + 1, w * 0.66, low, w * 0.70, m.down + 20, "Z")
    body = path("M", -w * 0.70, m.down + 20, "C", -w * 0.66, low, -w * 0.46, y + 1, 0, y - 5, *side)
    gloss = path("M", -w * 0.22, y + 9, "Q", 0, y + 2, w * 0.22, y + 9)
    return fill(body, TONGUE) + line(gloss, 6, GLOSS)


def under(wide: float, down: float) -> str:
    """The shadow under the lower lip."""
    w, y = min(wide * 0.42, 40), down + 21
    return line(path("M", -w, y, "Q", 0, y + 8, w, y), LINE - 1, SHADE)


def creases(wide: float, corner: float) -> str:
    """Smile lines outside the corners."""
    x, y = wide + 14, -corner
    return "".join(
        line(path("M", s * x, y - 13, "Q", s * (x + 9), y, s * (x + 1), y + 12), THIN) for s in (-1, 1)
    )  # fmt: skip


def open_mouth(m: Mouth, smile: bool) -> str:
    shape = lips(m)
    lines = creases(m.wide, m.corner) if smile and m.round < 0.9 else ""
    return under(m.wide, m.down) + cut("c", shape, fill(shape, DARK) + inside(m)) + line(shape) + lines


def resting(smile: bool) -> str:
    if smile:
        return line("M-84 -17Q-46 21 0 22Q46 21 84 -17") + creases(84, 17) + under(84, 22)
    return line("M-62 -2Q-34 8 0 8Q34 8 62 -2") + under(70, 10)


def pressed(smile: bool) -> str:
    """m, b, p: lips drawn in, the skin above and below them pushed out."""
    if smile:
        return line("M-80 -14Q-40 9 0 10Q40 9 80 -14", LINE + 3) + creases(82, 14) + under(84, 16)
    ticks = line("M-73 -8Q-78 0 -73 9", THIN) + line("M73 -8Q78 0 73 9", THIN)
    return line("M-54 1Q0 -4 54 1", LINE + 3) + ticks + under(84, 6) + line("M-26 -20Q0 -24 26 -20", LINE - 2, SHADE)


def teeth_on_lip(smile: bool) -> str:
    """f, v: the upper teeth on the lower lip, which is drawn in under them."""
    w, c = (84, 12) if smile else (66, -2)
    lift = -c - 22 + c * 0.7
    shape = path(
        "M", -w, -c, "C", -w * 0.7, lift, -w * 0.36, -20, 0, -18, "C", w * 0.36, -20, w * 0.7, lift, w, -c,
        "C", w * 0.8, 17, w * 0.4, 20, 0, 20, "C", -w * 0.4, 20, -w * 0.8, 17, -w, -c, "Z",
    )  # fmt: skip
    lip = path("M", -w, 2 - c, "C", -w * 0.7, 16, -w * 0.4, 8, 0, 8, "C", w * 0.4, 8, w * 0.7, 16, w, 2 - c)
    teeth = fill("M-200 -60H200V5Q0 16 -200 5Z", TEETH)
    gaps = "".join(line(f"M{x} -30V8", 3, GAP) for x in (-44, -15, 15, 44))
    content = fill(shape, DARK) + fill(f"{lip} V60 H{-w} Z", LIP) + teeth + gaps + line("M-42 10Q0 17 42 10", 5)
    return under(84, 17) + cut("c", shape, content) + line(shape) + (creases(w, c) if smile else "")


def mouth(name: str, smile: bool) -> str:
    closed = {"Neutral": resting, "M": pressed, "F": teeth_on_lip}
    if name in closed:
        return closed[name](smile)
    return open_mouth(happy(MOUTHS[name]) if smile else MOUTHS[name], smile)


FACE = (
    "M326 516C322 640 344 730 412 800C456 844 500 862 540 862C580 862 624 844 668 800C736 730 758 640 754 516"
    "C750 380 660 296 540 296C420 296 330 380 326 516Z"
)
HAIR_BEHIND = (
    "M262 620C226 330 366 160 546 160C742 160 860 338 816 620C828 724 834 800 812 868C800 902 716 916 640 884"
    "L440 884C364 916 282 902 270 868C246 800 252 724 262 620Z"
)
HAIR_SIDE = "M812 868C834 800 828 724 816 620C806 706 786 800 722 862C704 880 674 892 650 888C726 914 800 902 812 868Z"
FRINGE = (
    "M296 580C272 384 386 228 560 232C722 236 812 378 788 580C776 470 744 404 688 354C640 396 520 420 424 396"
    "C372 430 330 496 296 580Z"
)
FRINGE_FOLD = "M688 354C640 396 520 420 424 396C492 392 596 368 648 312C672 324 682 338 688 354Z"
SHOULDERS = (
    "M168 1080C174 984 246 946 350 924C420 910 448 898 460 876H620C632 898 660 910 730 924C834 946 906 984 912 1080Z"
)
NECK = "M464 770V886C470 946 610 946 616 886V770Z"
COLLAR = (
    "M448 884C430 950 482 996 540 996C598 996 650 950 632 884C628 876 620 874 616 880V886"
    "C610 946 470 946 464 886V880C460 874 452 876 448 884Z"
)


def head() -> str:
    ears = "".join(
        oval(540 + s * 212, 606, 36, 50, SKIN)
        + line(path("M", 540 + s * 226, 590, "Q", 540 + s * 204, 588, 540 + s * 210, 622), LINE, SHADE)
        + oval(540 + s * 222, 664, 12, 12, STUD)
        for s in (-1, 1)
    )
    lit = f'<g transform="translate(-30 -10)">{fill(FACE, SKIN)}</g>'
    folds = "M296 1080C300 1040 308 1012 322 990M784 1080C780 1040 772 1012 758 990"
    return "\n".join(
        (
            fill(HAIR_BEHIND, HAIR), fill(HAIR_SIDE, HAIR_DARK), fill(SHOULDERS, KNIT),
            fill(NECK, SKIN), cut("n", NECK, oval(552, 790, 118, 98, SHADE)),
            fill(COLLAR, KNIT_LIGHT), line("M448 884C430 950 482 996 540 996C598 996 650 950 632 884", THIN, KNIT_DARK),
            line(folds, LINE, KNIT_DARK), ears, cut("f", FACE, fill(FACE, "#f2bf9e") + lit),
            oval(412, 676, 46, 26, BLUSH, 0.34), oval(662, 676, 46, 26, BLUSH, 0.34),
            line("M534 606C530 634 514 650 524 660C532 668 548 668 558 662", LINE, SHADE),
            fill(FRINGE, HAIR), fill(FRINGE_FOLD, HAIR_DARK),
            line("M394 292C440 246 500 228 558 232M350 360C357 342 363 332 371 322", 19, HAIR_LIGHT),
        )
    )  # fmt: skip


def eye(x: float, side: int, state: str, smile: bool) -> str:
    """side: -1 on the left of the picture, whose outer corner is on the left."""
    y, s = 560, side
    wing = ("Q", x + s * 42, y - 46, x + s * 54, y - 10, "L", x + s * 66, y - 20)
    lid = path("M", x - s * 50, y - 4, "Q", x - s * 34, y - 46, x, y - 48, *wing)
    ball = path(
        "M", x - s * 48, y + 4, "C", x - s * 44, y - 36, x - s * 18, y - 47, x, y - 47,
        "C", x + s * 20, y - 47, x + s * 46, y - 36, x + s * 50, y + 4,
        "C", x + s * 46, y + 38, x + s * 20, y + 48, x, y + 48,
        "C", x - s * 20, y + 48, x - s * 44, y + 38, x - s * 48, y + 4, "Z",
    )  # fmt: skip
    if state == "closed":
        shut = path("M", x - s * 50, y + 14, "Q", x, y + 46, x + s * 54, y + 10, "L", x + s * 67, y + 15)
        return line(shut, LINE + 2)
    seen = fill(ball, WHITE) + look(x - s * 2, y - 2)
    below = line(path("M", x - 38, y + 41, "Q", x, y + 30, x + 38, y + 41), THIN, SHADE) if smile else ""
    cheek = oval(x, y + 76, 80, 40, SKIN) if smile else ""
    if state == "half":
        cover = fill(path("M", x - 80, y - 80, "H", x + 80, "V", y + 6, "Q", x, y + 15, x - 80, y + 6, "Z"), SKIN)
        edge = path("M", x - s * 50, y + 6, "Q", x, y + 16, x + s * 53, y + 4, "L", x + s * 67, y)
        return cut(f"e{s + 1}", ball, seen + cover + cheek) + line(edge, LINE + 2) + below
    shadow = f'<g opacity=".16">{line(lid, 34)}</g>'
    return cut(f"e{s + 1}", ball, seen + shadow + cheek) + line(lid, LINE + 3) + below


def look(x: float, y: float) -> str:
    """An iris, its pupil and two lights."""
    upper = path("M", x - 35, y, "A", 35, 35, "0 0 1", x + 35, y, "Z")
    pupil = oval(x, y, 19, 19, PUPIL)
    return oval(x, y, 35, 35, IRIS) + fill(upper, IRIS_DARK) + pupil + oval(x + 12, y - 13, 10, 10, WHITE) + (
        oval(x - 12, y + 13, 5, 5, WHITE, 0.8)
    )  # fmt: skip


def eyes(state: str, smile: bool) -> str:
    return eye(440, -1, state, smile) + eye(640, 1, state, smile)


def brows(smile: bool) -> str:
    y = 470 if smile else 478
    arch = 32 if smile else 26
    return "".join(
        line(path("M", 540 + s * 158, y + 10, "Q", 540 + s * 118, y - arch, 540 + s * 50, y), 15, HAIR_DARK)
        for s in (-1, 1)
    )


def svg(content: str, moved: bool = False) -> str:
    inner = f'<g transform="translate({MOUTH_X} {MOUTH_Y})">{content}</g>' if moved else content
    size = f'viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}"'
    return f'{LICENCE}\n<svg xmlns="http://www.w3.org/2000/svg" {size}>{inner}</svg>\n'


def drawings() -> dict[str, str]:
    """Path below the set's folder -> SVG text."""
    made = {"head": svg(head())}
    for expression in ("neutral", "happy"):
        smile = expression == "happy"
        for name in ("Neutral", "M", "F", *MOUTHS):
            made[f"{expression}/{name}"] = svg(mouth(name, smile), moved=True)
        for state in ("open", "half", "closed"):
            made[f"{expression}/eyes_{state}"] = svg(eyes(state, smile))
        made[f"{expression}/brows"] = svg(brows(smile))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the sample character as a folder of SVGs.")
    parser.add_argument("folder", help="where to, such as samples/character")
    folder = Path(parser.parse_args().folder)
    for name, text in drawings().items():
        target = folder / f"{name}.svg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    print(f"{len(drawings())} drawings in {folder}")


if __name__ == "__main__":
    main()
