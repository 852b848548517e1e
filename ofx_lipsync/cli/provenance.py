# SPDX-License-Identifier: Apache-2.0
"""What every dubbed frame says of itself: that a machine changed it, where, with what. It cannot be turned off."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from ofx_lipsync import __version__
from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.fill import FillPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import NODES
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.resync import Mouths

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a camera picture with generated parts."""


def shot_stamp(opened: OpenShot, analysis: Analysis) -> dict[str, str | int]:
    """Header attributes that are the same on every changed frame; no clock, so that same input gives same bytes."""
    return stamp(opened, analysis.key, tuple(NODES))


def people_stamp(people: Mapping[str, Mapping[str, str | int]]) -> dict[str, str | int]:
    """Of a frame in which several people were changed: what is true of all of them once, else by name, as JSON."""
    stamps = list(people.values())
    joined: dict[str, str | int] = {}
    for name in dict.fromkeys(key for one in stamps for key in one):
        values: dict[str, Any] = {person: one[name] for person, one in people.items() if name in one}
        same = len(values) == len(people) and len(set(values.values())) == 1
        if name == "lipsync/params":
            values = {person: json.loads(str(text)) for person, text in values.items()}
        joined[name] = stamps[0][name] if same else json.dumps(values, sort_keys=True)
    return {**joined, "lipsync/people": " ".join(people)}


def stamp(opened: OpenShot, key: Mapping[str, str], nodes: Sequence[str]) -> dict[str, str | int]:
    """The same for any chain of nodes. key: what the result was made from."""
    params = {name: opened.settings[name].as_dict() for name in nodes}
    return {
        "lipsync/software": f"ofx_lipsync {__version__}",
        "lipsync/ai_modified": 1,
        "lipsync/digitalSourceType": SOURCE_TYPE,
        "lipsync/face_networks_sha256": key["face networks"],
        "lipsync/voice_network_sha256": key["voice network"],
        **({"lipsync/mouth_network_sha256": sha} if (sha := key.get("mouth network")) else {}),
        "lipsync/colour_config": f"{opened.plate.colour.name} {opened.plate.colour.cache_id}",
        "lipsync/line": key["line"],
        "lipsync/params": json.dumps(params, sort_keys=True),
    }


def resync_stamp(plate: Plate, mouths: Mouths, region: Region) -> dict[str, str | int]:
    """Header attributes of a frame whose mouth was made again for its own sound."""
    networks = mouths.analysis.key
    return {
        "lipsync/software": f"ofx_lipsync {__version__}",
        "lipsync/ai_modified": 1,
        "lipsync/digitalSourceType": SOURCE_TYPE,
        "lipsync/face_networks_sha256": networks["face networks"],
        "lipsync/voice_network_sha256": networks["voice network"],
        "lipsync/colour_config": f"{plate.colour.name} {plate.colour.cache_id}",
        "lipsync/params": json.dumps(mouths.dub.settings["Resync"].as_dict(), sort_keys=True),
        **frame_stamp(region),
    }


def fill_stamp(opened: OpenShot, plan: FillPlan, frame: int) -> dict[str, str | int]:
    """Header attributes of a rebuilt frame: that it is one, from which it was made, and why."""
    row = plan.index(frame)
    assert row is not None
    params = {name: opened.settings[name].as_dict() for name in ("Fill", "MouthGenerate", "Blend")}
    return {
        "lipsync/software": f"ofx_lipsync {__version__}",
        "lipsync/ai_modified": 1,
        "lipsync/digitalSourceType": SOURCE_TYPE,
        "lipsync/filled": 1,
        "lipsync/filled_from": " ".join(map(str, plan.sources(row))),
        "lipsync/filled_because": plan.why[row],
        "lipsync/line": opened.key["line"],
        "lipsync/params": json.dumps(params, sort_keys=True),
    }


def frame_stamp(region: Region) -> dict[str, str]:
    """Where the frame was changed, in plate pixels: x0 y0 x1 y1, y down."""
    return {"lipsync/ai_region": f"{region.x0} {region.y0} {region.x1} {region.y1}"}
