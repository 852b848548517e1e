# SPDX-License-Identifier: Apache-2.0
"""The Analyse button: walks the host's frames and writes that node's part of the shot's analysis file, and where the
face is as keyframes, so that other nodes can follow it."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.analysis import Parts, write_analysis
from ofx_lipsync.cli.fill import missing
from ofx_lipsync.cli.shot import fingerprint, read_line
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.face import LANDMARKS, FaceAnalysis
from ofx_lipsync.core.fill import FillAnalysis
from ofx_lipsync.core.landmarks import CHIN_TIP, FOREHEAD_TOP
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.offset import SyncReport
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.fill import Fill
from ofx_lipsync.graph import Dub, Shot, followed
from ofx_lipsync.measure import measured
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.plugin.host_clip import HostClip
from ofx_lipsync.plugin.job import FILL, SILENCE, SOURCE, WHOLE, Job, Rated, spoken
from ofx_lipsync.plugin.pictures import Place

KEYS = {
    "faces": ("plate", "colour", "face networks", "FaceDetect params"),
    "audio": ("line", "voice network", "hearing network", "coarticulation network", "AudioFeature params"),
    "plan": ("reel", "MouthGenerate params", "mouth network"),
    "sync": ("sync line", "sync network", "SyncMeter params"),
    "fill": ("fill plate", "fill line", "Fill params"),
}
"""What of an analysis' key belongs to which part. What is found on faces goes when the faces do, so that their keys
stand for it too; a sound that is measured need not be the line of the dub, nor a plate with holes its plate."""
_ON_FACES = ("plan", "sync", "fill")
_OF_THE_FILE = ("AudioFeature", "MouthGenerate", "SyncMeter", FILL)
"""Nodes whose shot is the file's where they are told none."""
_MOST_FRAMES = 1_000_000
_LASTS = {"faces": 18.0, "hearing": 1.0, "reel": 6.0, "planning": 1.0, "sync": 6.0, "search": 3.0}
"""How long a stage takes beside the others."""
_writing = threading.Lock()


def analyse(job: Job) -> None:
    """Make and write the parts that are this node's.

    Raises: UsageError, InputError, FrameError or OutputError, before anything is written.
    """
    path = job.text("analysis")
    if not path:
        raise UsageError("analysis: no file is named; name the shot's analysis file, then press Analyse")
    check_writable(path)
    run = _Run(job)
    made: dict[str, Any] = {}
    if "faces" in run.stages and job.name != FILL:
        made["faces"] = run.faces()
    if "hearing" in run.stages:
        made["audio"] = run.audio()
    if "planning" in run.stages:
        made["plan"] = run.plan(made)
    if "sync" in run.stages:
        made["sync"] = run.sync(made)
    if "search" in run.stages:
        made["fill"] = run.fill()
    run.write(path, made)
    if job.name in ("FaceDetect", WHOLE):
        _keys(job, made["faces"], run.display)


def _keys(job: Job, faces: FaceAnalysis, display: Region) -> None:
    """The chosen face's middle and height, canonical, a key a frame where it is seen."""
    track = faces.chosen_track()
    landmarks = np.zeros((0, LANDMARKS, 3)) if track is None else track.landmarks
    times = np.zeros(0) if track is None else track.frames
    middle = job.canonical(landmarks[..., :2].mean(axis=1, dtype=np.float64), display)
    across_down = (landmarks[:, FOREHEAD_TOP, :2] - landmarks[:, CHIN_TIP, :2]) * (job.par, 1)
    job.request.keys("found_x", times, middle[:, 0])
    job.request.keys("found_y", times, middle[:, 1])
    job.request.keys("found_height", times, np.linalg.norm(across_down, axis=1))


class _Run:
    """One Analyse: its frames, its plate, and the key of what it makes."""

    def __init__(self, job: Job) -> None:
        self.job, self.settings = job, job.settings
        self.frames = _frames(job)
        self.kept = _kept(job, self.frames)
        self.key: dict[str, str] = {}
        self._networks = self.settings.key()
        self.stages = self._stages()

    def _stages(self) -> list[str]:
        """What this node makes, in order."""
        job, stages = self.job, []
        alone = job.name in ("MouthGenerate", "SyncMeter") and (self.kept is None or self.kept.faces is None)
        if job.name in ("FaceDetect", WHOLE) or alone:
            stages.append("faces")
        if job.name in ("AudioFeature", WHOLE):
            stages.append("hearing")
        if job.name in ("MouthGenerate", WHOLE):
            stages += ["reel", "planning"] if self.settings["MouthGenerate"].reel else ["planning"]
        if job.name == "SyncMeter":
            stages.append("sync")
        if job.name == FILL:
            stages += ["search", "faces", *(["reel"] if self.settings["MouthGenerate"].reel else [])]
        return stages

    def faces(self) -> FaceAnalysis:
        plate = self._plate()
        faces = Dub(Shot(plate, SILENCE, self.frames), self.settings, self._progress).faces()
        followed(faces, self.frames, self.settings["FaceDetect"])
        shown = plate.fingerprint() if isinstance(plate, Plate) else self._of_host()
        self.key.update({"plate": shown, "colour": self.job.workshop.colour.cache_id, **self._part("faces")})
        self.display, self.rate = plate.display, plate.rate
        return faces

    def audio(self) -> AudioAnalysis:
        job, rate = self.job, self._rate()
        self._progress("hearing", 0, 1)
        sound = self._sound(rate)
        job.request.check()
        times_s = np.array([float((frame - self.frames[0]) / rate) for frame in self.frames])
        heard = Dub(Shot(Rated(rate), sound, self.frames, times_s=times_s), self.settings, self._progress).audio()
        job.request.check()
        self.key.update({"line": fingerprint(sound), **self._part("audio")})
        self.rate = rate
        return heard

    def _sound(self, rate: Rate) -> Sound:
        """The line, or the clip's own sound.  Raises: UsageError where there is neither."""
        path, offset = spoken(self.job, rate, self.frames[0])
        if not path:
            raise UsageError(
                "line: no file is named, and the host says no source_file whose own sound could be heard; name the "
                "dialogue in line, then press Analyse"
            )
        try:
            return read_line(path, offset, float(len(self.frames) / rate))[0]
        except MediaError as error:
            if self.job.text("line"):
                raise
            raise UsageError(
                f"line: no file is named, and the clip's own sound cannot be heard ({error}); name the dialogue in line"
            ) from None

    def plan(self, made: dict[str, Any]) -> Any:
        self._progress(self.stages[-1], 0, 1)
        faces = made.get("faces") or (self.kept.faces if self.kept else None)
        audio = made.get("audio") or (self.kept.audio if self.kept else None)
        if audio is None or faces is None:
            raise UsageError(
                f"{self.job.text('analysis')}: holds no line for these frames; press Analyse in AudioFeature first"
            )
        reel = self._reel()
        shot = Shot(Rated(self._rate()), SILENCE, self.frames, reel)
        plan = Dub(shot, self.settings, self._progress).plan(faces, audio)
        self.key.update({**({"reel": reel.fingerprint()} if reel else {}), **self._part("plan")})
        return plan

    def sync(self, made: dict[str, Any]) -> SyncReport:
        """How late the sound is, of every face.  Raises: FrameError where nobody is seen."""
        from ofx_lipsync.models.loader import load

        faces = made.get("faces") or (self.kept.faces if self.kept else None)
        rate, params = self._rate(), self.settings["SyncMeter"]
        sound = self._sound(rate)
        times_s = np.array([float((frame - self.frames[0]) / rate) for frame in self.frames])
        shot = Shot(self._plate(), sound, self.frames, times_s=times_s)
        report = measured(shot, self.settings, self._progress, faces)[1]
        self.key |= {"sync line": fingerprint(sound), "sync network": load(params.network).sha256}
        self.key["SyncMeter params"] = params.digest_text(analysed_only=True)
        return report

    def fill(self) -> FillAnalysis:
        """Which frames are bad, and what is put in their place.  Raises: FrameError where none is good."""
        plate, rate, params = self._plate(), self._rate(), self.settings[FILL]
        sound = self._sound(rate) if params.mouth else SILENCE
        times_s = np.array([float((frame - self.frames[0]) / rate) for frame in self.frames])
        shot = Shot(plate, sound, self.frames, self._reel(), times_s=times_s)
        found = Fill(shot, self.settings, self._progress).analyse(missing(plate) if isinstance(plate, Plate) else None)
        shown = plate.fingerprint() if isinstance(plate, Plate) else self._of_host()
        self.key |= {"fill plate": shown, "fill line": fingerprint(sound) if params.mouth else "none"}
        self.key["Fill params"] = params.digest_text(analysed_only=True)
        self.display, self.rate = plate.display, rate
        return found

    def write(self, path: str, made: dict[str, Any]) -> None:
        """Into the file as it is now: another node may have written its own part meanwhile."""
        with _writing:
            old = _kept(self.job, self.frames) or Parts({}, np.asarray(self.frames, np.int64))
            gone = _ON_FACES if "faces" in made else ("plan",) if "audio" in made else ()
            made = {**dict.fromkeys(gone), **made}
            stale = {name for part in made for name in KEYS[part]}
            key = {name: value for name, value in old.key.items() if name not in stale}
            box = getattr(self, "display", None)
            display = (box.x0, box.y0, box.x1, box.y1) if box is not None else old.display
            rate = str(getattr(self, "rate", None) or old.rate)
            self.job.request.check()
            write_analysis(path, replace(old, key={**key, **self.key}, rate=rate, display=display, **made))
        self.job.request.done("written")

    def _plate(self) -> Clip:
        job, path = self.job, self.job.plate_path
        if path:
            return job.files.enter_context(
                open_plate(path, frames=FrameRange(self.frames), colour=job.workshop.colour, missing=job.missing)
            )  # fmt: skip
        place = Place(round(job.format.y1 * job.scale[1]), *job.scale)
        return HostClip(job.request, SOURCE, place, job.colour, job.format, job.host_rate(), self.frames)

    def _reel(self) -> Plate | None:
        path = self.settings["MouthGenerate"].reel
        if not path:
            return None
        return self.job.files.enter_context(open_plate(self.job.as_pattern(path), colour=self.job.workshop.colour))

    def _rate(self) -> Rate:
        """Of the faces' plate, else of what is kept, else of the host."""
        return getattr(self, "rate", None) or (self.job.rate if self.kept else self.job.host_rate())

    def _part(self, part: str) -> dict[str, str]:
        return {name: self._networks[name] for name in KEYS[part] if name in self._networks}

    def _of_host(self) -> str:
        """Stands for the plate's content where there is no file to ask."""
        seen = sorted((frame, key) for (_, frame), key in self.job.request.seen.items())
        return "host " + hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()

    def _progress(self, stage: str, done: int, total: int) -> None:
        """Over all stages of this Analyse; the last word is that of the file."""
        lasts = [_LASTS[name] for name in self.stages]
        before = sum(lasts[: self.stages.index(stage)])
        share = (before + _LASTS[stage] * done / max(total, 1)) / sum(lasts)
        self.job.request.progress(0.99 * share, stage)


def _frames(job: Job) -> Sequence[int]:
    """The shot: what the file already has where no range was set, else what the host says."""
    first, last = (job.message.integer(f"p.{name}", 0) for name in ("first_frame", "last_frame"))
    if job.name in _OF_THE_FILE and (first, last) == (0, 0) and job.existing is not None:
        found: list[int] = job.existing.frames.tolist()
        return found
    if (first, last) == (0, 0):
        first, last = job.message.integer("first"), job.message.integer("last")
    if not (abs(first) < 1e9 and 0 <= last - first < _MOST_FRAMES):
        raise UsageError(
            f"{job.name}: the shot is {first} to {last}, expected a first frame and a later last one; "
            "set first_frame and last_frame"
        )
    return range(first, last + 1)


def _kept(job: Job, frames: Sequence[int]) -> Parts | None:
    """What is in the file that is of these frames. FaceDetect begins a shot anew; the others must fit to it.

    Raises: UsageError where they do not.
    """
    job.__dict__.pop("existing", None)
    old = job.existing
    if old is None or old.frames.tolist() == list(frames):
        return old
    if job.name in ("FaceDetect", WHOLE):
        return None
    raise UsageError(
        f"{job.text('analysis')}: is of frames {FrameRange(old.frames.tolist())}, expected {FrameRange(frames)}; give "
        "all nodes of a shot the same first_frame and last_frame, or press Analyse in FaceDetect first"
    )
