# SPDX-License-Identifier: Apache-2.0
"""What every changed frame says of itself: that a machine changed it, where, with what. It cannot be turned off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Collection, Mapping, Sequence

from ofx_lipsync import __version__
from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.consent import Consent
from ofx_lipsync.core.fill import FillPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.graph import NODES, Settings, node
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.resync import Mouths

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a camera picture with generated parts."""
DRAWN_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"
"""IPTC's term for what a person made with tools that generate nothing: an artist's drawings, chosen by the sound."""
GENERATED = "plate, mouth generated"
"""lipsync/frame_source of a frame with a new mouth."""
Marks = dict[str, str | int]


def shot_stamp(opened: OpenShot, analysis: Analysis) -> Marks:
    """Header attributes that are the same on every changed frame; no clock, so that same input gives same bytes."""
    return stamp(opened, analysis.key, tuple(NODES))


def people_stamp(people: Mapping[str, Mapping[str, str | int]]) -> Marks:
    """Of a frame in which several people were changed: what is true of all of them once, else by name, as JSON."""
    stamps = list(people.values())
    joined: Marks = {}
    for name in dict.fromkeys(key for one in stamps for key in one):
        values: dict[str, Any] = {person: one[name] for person, one in people.items() if name in one}
        same = len(values) == len(people) and len(set(values.values())) == 1
        if name == "lipsync/params":
            values = {person: json.loads(str(text)) for person, text in values.items()}
        joined[name] = stamps[0][name] if same else json.dumps(values, sort_keys=True)
    return {**joined, "lipsync/people": " ".join(people)}


def stamp(opened: OpenShot, key: Mapping[str, str], nodes: Sequence[str]) -> Marks:
    """The same for any chain of nodes. key: what the result was made from."""
    return {
        **marks(opened.plate, opened.settings, nodes, key, opened.consent),
        "lipsync/face_networks_sha256": key["face networks"],
        "lipsync/voice_network_sha256": key["voice network"],
        **({"lipsync/mouth_network_sha256": sha} if (sha := key.get("mouth network")) else {}),
        "lipsync/line": key["line"],
    }


def marks(
    plate: Plate, settings: Settings, nodes: Sequence[str], key: Mapping[str, str], consent: Consent | None
) -> Marks:
    """What all of them say. key: sha256 of networks under names that end in `network` or `networks`."""
    params = {name: settings[name].as_dict() for name in nodes}
    models = {name: sha for name, sha in key.items() if name.endswith(("network", "networks"))}
    return {
        "lipsync/software": f"ofx_lipsync {__version__}",
        "lipsync/version": __version__,
        "lipsync/ai_modified": 1,
        "lipsync/digitalSourceType": SOURCE_TYPE,
        "lipsync/model": ", ".join(sorted(models)) or "none",
        "lipsync/model_sha256": json.dumps(models, sort_keys=True),
        "lipsync/colour_config": f"{plate.colour.name} {plate.colour.cache_id}",
        "lipsync/params": json.dumps(params, sort_keys=True),
        "lipsync/consent_ref": consent.reference if consent and consent.reference else "none",
    }


def resync_stamp(plate: Plate, mouths: Mouths, consent: Consent | None = None) -> Marks:
    """Header attributes of frames whose mouth was made again for their own sound."""
    networks = mouths.analysis.key
    return {
        **marks(plate, mouths.dub.settings, ("Resync",), networks, consent),
        "lipsync/face_networks_sha256": networks["face networks"],
        "lipsync/voice_network_sha256": networks["voice network"],
    }


def moved_stamp(plate: Plate, settings: Settings, consent: Consent | None = None) -> Marks:
    """What a movie says whose frames were shown at other times: nothing in them was generated."""
    return {**marks(plate, settings, ("Resync",), {}, consent), "lipsync/ai_modified": 0, **RETIMED}


RETIMED = {"lipsync/digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits"}
"""IPTC's term for an edit that generates nothing."""


def fill_stamp(opened: OpenShot) -> Marks:
    """Header attributes that all rebuilt frames share."""
    nodes = ("Fill", "MouthGenerate", "Blend")
    key = {**opened.key, **opened.settings.key()}
    return {**marks(opened.plate, opened.settings, nodes, key, opened.consent), "lipsync/line": opened.key["line"]}


def filled_stamp(plan: FillPlan, frame: int, region: Region) -> Marks:
    """Those of one: that it is rebuilt, from which it was made, and why."""
    row = plan.index(frame)
    assert row is not None
    sources = " ".join(map(str, plan.sources(row)))
    return {
        "lipsync/filled": 1,
        "lipsync/filled_from": sources,
        "lipsync/filled_because": plan.why[row],
        **frame_stamp(region, f"rebuilt from {sources}"),
    }


def frame_stamp(region: Region, source: str = GENERATED) -> dict[str, str]:
    """Where the frame was changed, in plate pixels: x0 y0 x1 y1, y down; and what its picture comes from."""
    return {
        "lipsync/ai_region": f"{region.x0} {region.y0} {region.x1} {region.y1}",
        "lipsync/frame_source": source,
    }


def changed_frames(settings: Settings, analysis: Analysis, frames: Sequence[int]) -> FrameRange:
    """Those that get another mouth, known before any is made: a movie says so in its head."""
    generate, params = node("MouthGenerate"), settings["MouthGenerate"]
    return FrameRange(frame for frame in frames if generate.paints(analysis.plan, frame, params.at(frame)))


def movie_tags(stamped: Mapping[str, str | int], changed: Collection[int], frames: Sequence[int]) -> dict[str, str]:
    """What a movie says as a whole. changed: frames with generated pixels. frames: those that it shows; the movie's own
    first one is frame 1, whatever number the plate gives it."""
    found = FrameRange(place for place, frame in enumerate(frames, start=1) if frame in changed)
    if not found:
        return {}
    return {**{name: str(value) for name, value in stamped.items()}, "lipsync/ai_frames": str(found)}


def recipe(
    stamped: Mapping[str, str | int], consent: Consent | None, plate: str, sources: Mapping[str, str]
) -> dict[str, Any]:
    """What a sidecar says of all frames. plate: its path, of which the name is kept. sources: content keys of plate
    and line, so that a shot can be told from one of the same name."""
    told = {name.removeprefix("lipsync/"): value for name, value in stamped.items()}
    params = json.loads(str(told["params"]))
    return {
        **told,
        "model_sha256": json.loads(str(told.get("model_sha256", "{}"))),
        "params": params,
        "seed": {f"{n}.{p}": v for n, values in params.items() for p, v in values.items() if p.endswith("seed")},
        "plate": Path(plate).name,
        "sources": {name: sources[name] for name in ("plate", "line", "reel", "colour") if name in sources},
        "consent": consent.as_dict() if consent else None,
    }
