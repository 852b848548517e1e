# SPDX-License-Identifier: Apache-2.0
"""The bars that hearing is held to, and which of them are met."""

from __future__ import annotations

from typing import Iterator, Mapping

Rows = Mapping[str, Mapping[str, float]]
"""A figure by its name, in rows by `set, who hears`."""

STREAMING = {
    "festvox-ru": {"frames": 0.88, "M found": 0.97, "F found": 0.90, "W-Oo found": 0.80},
    "flite": {"frames": 0.73, "M found": 0.94, "F found": 0.88, "W-Oo found": 0.85},
    "speechocean": {"frames": 0.71, "M found": 0.80, "F found": 0.70, "W-Oo found": 0.65},
}
TRUE, IN_TIME, CHANGES = 0.65, 0.90, 0.15
LINE_BETTER = 0.02
FRAMES_LOST, CLOSURES_LOST, LEVEL_LOST = 0.12, 0.15, 0.02
AT_REST = 0.95
STEP_MS, LINE_TIMES, START_S = 0.1, 50.0, 0.5
ARTICULATION = {
    ("natural", "network", "open r"): 0.70, ("facegood", "own style", "jaw r"): 0.88,
    ("facegood", "own style", "upper r"): 0.60, ("facegood", "own style", "pucker r"): 0.60,
    ("people", "network", "open r"): 0.86,
}  # fmt: skip


def streaming(source: str, figures: Mapping[str, float]) -> Iterator[str]:
    """What falls short of one set, heard live."""
    bars = STREAMING[source] | dict.fromkeys(("M true", "F true", "W-Oo true"), TRUE) | {"M in time": IN_TIME}
    yield from (f"{name} {figures[name]:.3f} < {bar}" for name, bar in bars.items() if not figures[name] >= bar)
    if abs(figures["changes"] - 1) > CHANGES:
        yield f"changes {figures['changes']:.2f}"


def whole(source: str, rows: Rows) -> Iterator[str]:
    """Whether a line heard as a whole is better, and every peer is worse."""
    live, line = rows[f"{source}, streaming"]["frames"], rows[f"{source}, offline"]["frames"]
    if line - live < LINE_BETTER:
        yield f"a whole line gains {line - live:.3f} < {LINE_BETTER}"
    for name, figures in rows.items():
        if name.startswith(f"{source}, ") and figures["frames"] >= live and name.split(", ")[1] not in OURS:
            yield f"{name} has {figures['frames']:.3f}, streaming {live:.3f}"


OURS = ("streaming", "offline")


def conditions(source: str, rows: Rows) -> Iterator[str]:
    """What noise, rooms and levels cost too much of one set."""
    for name, lost in ((n.removeprefix(f"{source}, "), r) for n, r in rows.items() if n.startswith(f"{source}, ")):
        level = name.startswith("18 dB")
        for figure, most in (("frames", FRAMES_LOST), ("M found", CLOSURES_LOST)):
            most = LEVEL_LOST if level else most
            if lost[f"{figure} lost"] > most:
                yield f"{name} loses {lost[f'{figure} lost']:.3f} of {figure} > {most}"


def rest(quiet: Mapping[str, float]) -> Iterator[str]:
    yield from (f"{name} {share:.3f} < {AT_REST}" for name, share in quiet.items() if share < AT_REST)


def cost(figures: Mapping[str, float]) -> Iterator[str]:
    if figures["step ms"] > STEP_MS:
        yield f"a step takes {figures['step ms']:.3f} ms > {STEP_MS}"
    if figures["offline x"] < LINE_TIMES:
        yield f"a line is heard at {figures['offline x']:.0f} times its pace < {LINE_TIMES:.0f}"
    if figures["start s"] > START_S or figures["torch"]:
        yield f"a process hears after {figures['start s']:.2f} s" + (", with torch" if figures["torch"] else "")


def articulation(rows: Rows) -> Iterator[str]:
    """What falls short of mouths that were filmed."""
    for (group, by, figure), bar in ARTICULATION.items():
        found = rows.get(f"{group}, {by}", {}).get(figure)
        if found is not None and not found >= bar:
            yield f"{group} ({by}): {figure} {found:.3f} < {bar}"


def verdict(name: str, missed: Iterator[str]) -> str:
    told = "; ".join(missed)
    return f"bars of {name}: " + (f"MISSED: {told}" if told else "met")
