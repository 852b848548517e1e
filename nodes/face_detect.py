# SPDX-License-Identifier: Apache-2.0
"""FaceDetect: everybody in a shot, with 478 landmarks and 52 blendshapes in every frame where they are seen.

The whole frame is searched every few frames, at cuts and whenever a face is lost; a face found late is followed
back to where it came in. Between searches landmarks follow the face. A person keeps one identity through crossings,
short absences and, where the face is surely the same, over cuts. Landmarks are steadied without lag.

Frames in which the network does not see a face (hidden, or more than half out of the frame) are absent from the track.
It does not know who speaks. What lies over a mouth is noticed (_face_covered), not cut out: use a holdout matte. The
networks look at what a person would see (sRGB); the plate passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.params import Choice, Float, Int, ParamSet
from ofx_lipsync.core.region import Region
from ofx_lipsync.models.face_blendshapes import FaceBlendshapes
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.nodes._face_covered import covered
from ofx_lipsync.nodes._face_cuts import find_cuts
from ofx_lipsync.nodes._face_follow import Follower, Run, Search
from ofx_lipsync.nodes._face_identity import people
from ofx_lipsync.nodes._face_smooth import smooth

ID = "FaceDetect"
VERSION = 1
INPUTS = ("plate",)
_BRIEFEST = 3
"""Frames. What is seen for less is a flicker of the detector, unless the shot itself is as short."""


class Params(ParamSet):
    owner = ID
    face = Choice(
        "largest",
        options=("largest", "most_central", "nearest", "index"),
        group="Face",
        analysed=True,
        help="Whose mouth to replace when there are several people: the largest over the shot, the one nearest to the "
        "middle of the frame, the one nearest to the point below, or by number.",
    )
    face_x = Float(
        50.0,
        animates=False,
        lo=-100,
        hi=200,
        slider=(0, 100),
        unit="% of frame width",
        group="Face",
        analysed=True,
        help="Across position of the wanted face, for `nearest`; 0 is the left edge.",
    )
    face_y = Float(
        50.0,
        animates=False,
        lo=-100,
        hi=200,
        slider=(0, 100),
        unit="% of frame height",
        group="Face",
        analysed=True,
        help="Down position of the wanted face, for `nearest`; 0 is the top edge.",
    )
    face_index = Int(
        0,
        lo=0,
        hi=999,
        slider=(0, 9),
        unit="person",
        group="Face",
        analysed=True,
        help="Number of the wanted person, for `index`, in order of first appearance.",
    )
    missing_face = Choice(
        "pass",
        options=("pass", "hold", "error"),
        group="Face",
        analysed=True,
        help="Where the face is not seen: leave the plate as it is, hold it through gaps of up to 12 frames between "
        "two sightings (longer ones stay as they are), or stop with an error.",
    )
    smallest_face = Float(
        5.0,
        animates=False,
        lo=1,
        hi=100,
        slider=(2, 30),
        unit="% of frame height",
        group="Search",
        analysed=True,
        help="Smallest face to look for, brow to chin. Smaller takes longer.",
    )
    search_every = Int(
        48,
        lo=1,
        hi=1000,
        slider=(1, 100),
        unit="frames",
        group="Search",
        analysed=True,
        help="How often to look for new faces; cuts and lost faces are searched at once.",
    )
    presence = Float(
        0.5,
        animates=False,
        lo=0,
        hi=1,
        slider=(0, 1),
        unit="0..1",
        group="Search",
        analysed=True,
        help="How sure the network must be that it sees a face; lower keeps more of a turned head.",
    )
    smoothing = Float(
        1.0,
        animates=False,
        lo=0,
        hi=4,
        slider=(0, 2),
        unit="x measured tremble",
        group="Track",
        analysed=True,
        help="How much tremble to take out of the landmarks; real motion stays. 0 leaves them raw.",
    )


def analyse(
    plate: Clip,
    frames: Sequence[int],
    params: Params,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> FaceAnalysis:
    """Everybody in `frames` (ascending). No face at all gives no tracks and chosen = -1.

    Raises: ModelError where the networks' weights are missing; UsageError where face_index names nobody.
    """
    networks = FaceNetworks.load()
    smallest_px = max(1.0, params.smallest_face / 100 * plate.display.height)
    follower = Follower(plate, frames, networks, Search(params.search_every, smallest_px, params.presence))
    follower.walk(progress)
    cuts = find_cuts(follower.thumbnails)
    takes = np.searchsorted(np.array(cuts, np.int64), np.arange(len(frames)), side="right")
    groups = [[follower.runs[index] for index in group] for group in people(follower.runs, takes)]
    briefest = min(_BRIEFEST, len(frames))
    groups = [group for group in groups if sum(len(run.seen) for run in group) >= briefest]
    tracks = tuple(
        _track(identity, group, frames, takes, networks.blendshapes, params.smoothing)
        for identity, group in enumerate(groups)
    )
    return FaceAnalysis(tracks, tuple(int(frames[row]) for row in cuts), choose(tracks, plate.display, params))


def render(plate: Clip, frame: int) -> Image:
    """The plate, untouched: FaceDetect adds knowledge, not pixels."""
    return plate.crop(frame, plate.window(frame))


def _track(
    identity: int,
    runs: Sequence[Run],
    frames: Sequence[int],
    takes: np.ndarray,
    blendshapes: FaceBlendshapes,
    strength: float,
) -> FaceTrack:
    rows = np.concatenate([np.arange(run.first, run.end) for run in runs])
    raw = np.array([seen.landmarks for run in runs for seen in run.seen])
    breaks = np.flatnonzero((np.diff(rows) != 1) | (np.diff(takes[rows]) != 0)) + 1
    landmarks = np.concatenate([smooth(part, strength) for part in np.split(raw, breaks)])
    return FaceTrack(
        identity=identity,
        frames=np.asarray(frames, np.int64)[rows],
        landmarks=landmarks,
        presence=np.array([seen.presence for run in runs for seen in run.seen], np.float32),
        blendshapes=np.array([blendshapes(points) for points in landmarks]),
        covered=covered(np.array([seen.skin for run in runs for seen in run.seen])),
    )


def choose(tracks: Sequence[FaceTrack], display: Region, params: Params) -> int:
    """Index of the wanted person, -1 where nobody is seen.  Raises: UsageError where face_index names nobody."""
    if not tracks:
        return -1
    if params.face == "index":
        if params.face_index >= len(tracks):
            raise UsageError(
                f"FaceDetect.face_index: got {params.face_index}, expected 0 to {len(tracks) - 1} "
                f"({len(tracks)} people are seen); choose one of them"
            )
        return int(params.face_index)
    if params.face == "largest":
        return int(np.argmax([(track.face_height_px() ** 2).sum() for track in tracks]))
    across, down = (50.0, 50.0) if params.face == "most_central" else (params.face_x, params.face_y)
    point = (display.x0 + across / 100 * display.width, display.y0 + down / 100 * display.height)
    return int(np.argmin([_distance(track, np.array(point)) for track in tracks]))


def _distance(track: FaceTrack, point: np.ndarray) -> float:
    """Median distance of the face's middle from a point, px."""
    return float(np.median(np.linalg.norm(track.landmarks[:, :, :2].mean(axis=1) - point, axis=1)))
