# SPDX-License-Identifier: Apache-2.0
"""What a shot file holds: one class a table, one field an entry, each with its help and an example."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from ofx_lipsync.graph import Settings
from ofx_lipsync.shotfile import entries as kind
from ofx_lipsync.shotfile.entries import entry

Params = Mapping[str, Mapping[str, Any]]
"""Params by node, of those that are not at their default: {"Blend": {"feather": 9.0}}."""


@dataclass(frozen=True)
class PlateEntry:
    """[plate]"""

    path: str = entry("", kind.text, '"plate.####.exr"', "Movie, or sequence as plate.####.exr.", path=True)
    frames: str = entry("", kind.frames, '"1001-1100"', "The shot's frames; the line starts on the first.")
    rate: str = entry("", kind.rate, '"24000/1001"', "Frames per second, where the file does not say it.")
    space: str = entry("", kind.text, '"ACEScg"', "The plate's colour space, where the file does not say it.")
    missing: str = entry(
        "error", kind.one_of("error", "hold", "skip"), '"hold"',
        "What to do where a sequence has gaps: error, hold (the frame before again) or skip.",
    )  # fmt: skip
    handles: int = entry(
        0, kind.count, "8", "Frames before and after `frames` to look at as well, as far as the plate has them."
    )
    reel: str = entry("", kind.text, '"takes/a_004.mov"', "More footage of the same actor, for mouths.", path=True)
    holdout: str = entry(
        "", kind.text, '"hand.####.exr"', "Matte, in red, of what is in front of the face and stays.", path=True
    )


@dataclass(frozen=True)
class Line:
    """[[line]]: what one person says. params: [line.params.NODE], over the shot's own."""

    name: str = entry("", kind.label, '"anna"', "Who says it; names this person's files.")
    path: str = entry("", kind.text, '"anna_fr.wav"', "The line: wav, flac, mp3, aac, or a movie.", path=True)
    offset: str = entry("0", kind.offset, '"12f"', "Starts later by frames, 12f, or time, 500ms; earlier below 0.")
    heard: tuple[str, str] | None = entry(
        None, kind.span, '["12f", "88f"]', "Only this part of it is heard: from and to, counted from the first frame."
    )
    face: int | None = entry(None, kind.person, "0", "Whose mouth: number of the person, by first appearance.")
    face_at: tuple[float, float] | None = entry(
        None, kind.point, "[0.4, 0.3]", "Or whose face is nearest to this point: shares of the frame, across and down."
    )
    language: str = entry("", kind.text, '"fr"', "Language of the transcript (AudioFeature.language).")
    transcript: str = entry("", kind.text, '"Bonjour."', "The words as they are spoken (AudioFeature.transcript).")
    params: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Colours:
    """[colour]"""

    config: str = entry(
        "", kind.text, '"show.ocio"', "OCIO config, a file or a built-in's name; else $OCIO or the pinned one.",
        named=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """[policy]"""

    missing_face: str = entry(
        "", kind.one_of("", "pass", "hold", "error"), '"hold"', "Where the face is not seen (FaceDetect.missing_face)."
    )
    handles: str = entry(
        "analyse", kind.one_of("analyse", "deliver"), '"deliver"',
        "Handles are only looked at (analyse), or dubbed and delivered too (deliver).",
    )  # fmt: skip


@dataclass(frozen=True)
class Consent:
    """[consent]: who allowed what; travels with the result."""

    performer: str = entry("", kind.text, '"Anna Example"', "Whose face and voice it is.")
    agreement: str = entry("", kind.text, '"DUB-2026-014"', "The agreement's number or name.")
    scope: str = entry("", kind.text, '"localisation"', "What was agreed to.")
    languages: tuple[str, ...] = entry((), kind.texts, '["fr", "de"]', "Languages that were agreed to.")
    status: str = entry(
        "", kind.one_of("", "cleared", "pending", "refused"), '"pending"', "cleared, pending or refused."
    )
    expires: str = entry("", kind.day, "2027-12-31", "The last day on which it holds.")


@dataclass(frozen=True)
class Signing:
    """[trust]: who vouches for results; $LIPSYNC_C2PA_CERT and the like do where this is empty."""

    sign_cert: str = entry("", kind.text, '"chain.pem"', "Certificate chain to sign with, PEM.", path=True)
    sign_key: str = entry("", kind.text, '"key.pem"', "Its private key, PEM.", path=True)
    sign_tsa: str = entry("", kind.text, '"http://timestamp.example"', "Time stamp authority to ask when signing.")


@dataclass(frozen=True)
class Output:
    """[output]"""

    comp: str = entry("", kind.text, '"out/comp.####.exr"', "The dubbed frames: movie or sequence.", path=True)
    elements: str = entry("", kind.text, '"out/elements.####.exr"', "Layers for the comp, as EXR.", path=True)
    analysis: str = entry("", kind.text, '"ab_0010.lipsync"', "Where the analysis is kept.", path=True)
    review: str = entry("", kind.text, '"out/review.mp4"', "A movie to look at.", path=True)
    codec: str = entry("", kind.text, '"prores"', "Of a movie: prores, prores4444, h264 or ffv1.")


@dataclass(frozen=True)
class ShotFile:
    """A shot as it is written down. folder: where relative paths start; empty is where the program runs.
    source: the file.

    `policy.missing_face`, `line.face` and the like are other words for params; `settings` has both.
    """

    name: str = entry("", kind.text, '"ab_0010"', "The shot's name.")
    note: str = entry("", kind.text, '"watch the beard"', "Anything to remember.")
    plate: PlateEntry = PlateEntry()
    lines: tuple[Line, ...] = ()
    params: Params = field(default_factory=dict)
    policy: Policy = Policy()
    colour: Colours = Colours()
    consent: Consent = Consent()
    trust: Signing = Signing()
    output: Output = Output()
    folder: str = ""
    source: str = field(default="", compare=False)

    @property
    def called(self) -> str:
        """What messages call it."""
        return self.source or self.name or "shot"

    @property
    def people(self) -> list[str]:
        """What each line's person is called, by number where they have no name."""
        return [line.name or str(number) for number, line in enumerate(self.lines, start=1)]

    def settings(self, line: int = 0) -> Settings:
        """Params of every node for one of the lines: the shot's, over them the line's own."""
        person = self.lines[line] if line < len(self.lines) else Line()
        spoken = merged(_shorthands(self.policy, person), self.params, person.params)
        return Settings.of(self._with_paths(spoken))

    def with_values(self, node: str, **values: Any) -> ShotFile:
        """With other values of a node's params, for every line and whatever the file said of them."""
        return self.with_params({node: values})

    def with_params(self, given: Params) -> ShotFile:
        """With other values of params, which win over the lines' own and over other words for the same."""
        policy, lines = self.policy, []
        if "missing_face" in given.get("FaceDetect", {}):
            policy = replace(policy, missing_face="")
        for line in self.lines:
            kept = {n: {p: v for p, v in own.items() if p not in given.get(n, {})} for n, own in line.params.items()}
            line = replace(line, params={node: own for node, own in kept.items() if own})
            if {"face", "face_x", "face_y", "face_index"} & set(given.get("FaceDetect", {})):
                line = replace(line, face=None, face_at=None)
            heard = given.get("AudioFeature", {})
            line = replace(line, language="" if "language" in heard else line.language)
            line = replace(line, transcript="" if "transcript" in heard else line.transcript)
            lines.append(line)
        return replace(self, params=merged(self.params, given), policy=policy, lines=tuple(lines))

    def at(self, path: str) -> str:
        """A path of the file as seen from where the program runs; empty stays empty."""
        return os.path.join(self.folder, path) if path else ""

    def at_if_there(self, name: str) -> str:
        """The same for what may also be a name that is no path, as of weights or of a built-in OCIO config."""
        path = self.at(name)
        return path if name and os.path.exists(path) else name

    def _with_paths(self, given: Params) -> Params:
        from ofx_lipsync.core.params import File
        from ofx_lipsync.graph import node

        files = {
            name: [p for p, d in node(name).Params.declarations().items() if isinstance(d, File)] for name in given
        }
        return {
            name: {p: self.at_if_there(v) if p in files[name] else v for p, v in values.items()}
            for name, values in given.items()
        }


def merged(*sources: Params) -> dict[str, dict[str, Any]]:
    """Later ones win, param by param."""
    found: dict[str, dict[str, Any]] = {}
    for source in sources:
        for node, values in source.items():
            found.setdefault(node, {}).update(values)
    return found


def _shorthands(policy: Policy, line: Line) -> Params:
    """The params that other entries of the file stand for."""
    face: dict[str, Any] = {"missing_face": policy.missing_face} if policy.missing_face else {}
    if line.face is not None:
        face |= {"face": "index", "face_index": line.face}
    if line.face_at is not None:
        face |= {"face": "nearest", "face_x": 100 * line.face_at[0], "face_y": 100 * line.face_at[1]}
    audio = {name: getattr(line, name) for name in ("language", "transcript") if getattr(line, name)}
    return {node: values for node, values in (("FaceDetect", face), ("AudioFeature", audio)) if values}
