# SPDX-License-Identifier: Apache-2.0
"""What a 4K UHD half EXR frame costs: CPU seconds by stage, what share is reading and writing, and peak memory.

The plates are the sample portrait at 3840 x 2160 with grain, medium and close up, in zip-compressed half EXR as plates
come. Each run is a process of its own, so that the peak memory is its own. A stage is charged for its own work alone:
reading that the mouth asks for counts as reading, and a colour conversion as colour, whoever calls it.

The engine is all but reading, writing and the digests of what is written (farm and trust ask for those): digests are no
part of the format and none of the picture, so they are told beside, and weigh in the whole.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from ofx_lipsync.core.errors import InputError

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SIZE = (3840, 2160)
FIRST = 1001
BAR_SHARE = 0.35
BAR_MIB = 3072.0
SEEN = (
    *("read", "reduce", "colour", "faces", "hearing", "planning"),
    *("mouth", "blend", "composite", "write", "digest", "rest"),
)
"""Stages in the order they are told."""
FILES = ("read", "write")
"""Those that are the price of the format, whoever renders."""
DIGEST = "digest"
"""What a delivery that can be checked costs besides."""


@dataclass(frozen=True)
class View:
    """Where the camera looks on the still, and how many of its rows it sees."""

    centre: tuple[float, float]
    height: float


VIEWS = {"medium": View((228.0, 131.0), 240.0), "close-up": View((226.0, 140.0), 130.0)}


def main(args: argparse.Namespace) -> int:
    """Print cost by stage of analysing and of rendering, the engine's share, and peak memory, for each plate."""
    figures = {}
    for name, view in VIEWS.items():
        with tempfile.TemporaryDirectory(prefix="lipsync-film-") as folder:
            plate = make_plate(Path(folder), args.frames, args.compression, view)
            figures[name] = measured(plate, Path(folder) / "out.####.exr", [*args.sets])
        tell(name, figures[name], args.compression)
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def make_plate(folder: Path, count: int, compression: str, view: View, size: tuple[int, int] = SIZE) -> str:
    """Frames of the sample's slow push-in, ACEScg, with grain that grows with the light as film's does."""
    import numpy as np
    import OpenImageIO as oiio

    camera = _camera(view)
    still, generator = camera.scene_linear_still(), np.random.default_rng(FIRST)
    for index in range(count):
        rgb = camera.view(still, index / 40, *size).astype(np.float32)
        rgb += grain(generator, rgb)
        spec = oiio.ImageSpec(*size, 3, "half")
        spec.attribute("compression", compression)
        spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
        picture = oiio.ImageBuf(spec)
        picture.set_pixels(picture.roi, rgb)
        picture.write(str(folder / f"plate.{FIRST + index}.exr"))
    return str(folder / "plate.####.exr")


def _camera(view: View) -> Any:
    """samples/make_plate.py as a module, looking where the view says."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("make_plate", SAMPLES / "make_plate.py")
    if spec is None or spec.loader is None or not (SAMPLES / "make_plate.py").exists():
        raise InputError(f"bench film: there is no {SAMPLES}/make_plate.py; run it in a checkout of the project")
    camera: Any = module_from_spec(spec)
    spec.loader.exec_module(camera)
    shift = view.centre - camera.CENTRE_FROM
    camera.CENTRE_FROM, camera.CENTRE_TO = camera.CENTRE_FROM + shift, camera.CENTRE_TO + shift
    zoom = view.height / camera.HEIGHT_FROM
    camera.HEIGHT_FROM, camera.HEIGHT_TO = camera.HEIGHT_FROM * zoom, camera.HEIGHT_TO * zoom
    return camera


def grain(generator: Any, rgb: Any) -> Any:
    """[H, W, 3]: noise about two pixels across, its deviation 0.004 in the dark and 3 % of a light of 1."""
    import numpy as np

    from ofx_lipsync.kernels.blur import blur

    noise = generator.standard_normal((3, *rgb.shape[:2]), np.float32)
    soft = blur(noise, 0.7) * np.float32(2.4)
    return soft.transpose(1, 2, 0) * (0.004 + 0.03 * np.sqrt(np.maximum(rgb, 0))).astype(np.float32)


def measured(plate: str, out: Path, sets: Sequence[str] = ()) -> dict[str, Any]:
    """{analyse, render: {stage: CPU seconds}, frames, face_px, peak_mib} of one dub in a fresh process."""
    line = SAMPLES / "lines" / "english.flac"
    options = [word for text in sets for word in ("--set", text)]
    command = [sys.executable, "-m", "ofx_lipsync.bench.film", plate, str(line), str(out), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures


def tell(name: str, figures: dict[str, Any], compression: str) -> None:
    frames = figures["frames"]
    analyse, render = figures["analyse"], figures["render"]
    face = f"brow to chin {figures['face_px']:.0f} px"
    print(f"\n{name}: {face}, {frames} frames {SIZE[0]}x{SIZE[1]} half EXR {compression}")
    print(f"CPU ms a frame, load average {os.getloadavg()[0]:.1f}")
    print(f"{'stage':<12}{'analyse':>9}{'render':>9}{'share of render':>17}")
    total = sum(render.values())
    for stage in SEEN:
        once, each = (1000 * stages.get(stage, 0.0) / frames for stages in (analyse, render))
        print(f"{stage:<12}{once:>9.0f}{each:>9.0f}{render.get(stage, 0.0) / total:>16.1%}")
    print(f"{'total':<12}{1000 * sum(analyse.values()) / frames:>9.0f}{1000 * total / frames:>9.0f}")
    share = engine_share(render)
    both = {stage: analyse.get(stage, 0.0) + render.get(stage, 0.0) for stage in SEEN if stage != "hearing"}
    print(f"with the analysis, hearing aside: {engine_share(both):.1%}")
    print(f"engine's share of a rendered frame: {share:.1%}, bar {BAR_SHARE:.0%}: {_met(share <= BAR_SHARE)}")
    print(f"digests of what is written: {render.get(DIGEST, 0.0) / total:.1%} besides")
    peak = figures["peak_mib"]
    print(f"peak memory: {peak:.0f} MiB, bar {BAR_MIB:.0f}: {_met(peak <= BAR_MIB)}")


def _met(met: bool) -> str:
    return "met" if met else "MISSED"


def engine_share(stages: dict[str, float]) -> float:
    """What is neither reading and writing files nor their digests, as a share of all."""
    total = sum(stages.values())
    return 1 - sum(stages.get(name, 0.0) for name in (*FILES, DIGEST)) / total if total else 0.0


@dataclass
class Clock:
    """CPU seconds of this process by stage; time spent in an inner stage is not charged to the outer one."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    _open: list[str] = field(default_factory=lambda: ["rest"])
    _since: float = field(default_factory=time.process_time)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def taken(self) -> dict[str, float]:
        """What has gone since the last call."""
        self._charge()
        taken, self.cpu_s = self.cpu_s, {}
        return taken

    def on(self, owner: Any, name: str, stage: str) -> None:
        """Put a clock on a function of a module or class."""
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(stage):
                return inner(*args, **kwargs)

        setattr(owner, name, timed)

    def _charge(self) -> None:
        now = time.process_time()
        self.cpu_s[self._open[-1]] = self.cpu_s.get(self._open[-1], 0.0) + now - self._since
        self._since = now


def child(argv: Sequence[str]) -> None:
    """One dub with a clock on every stage; prints the figures as one JSON line."""
    from ofx_lipsync.cli.dub import render
    from ofx_lipsync.cli.main import build_parser
    from ofx_lipsync.cli.memory import keep_freed
    from ofx_lipsync.cli.progress import progress
    from ofx_lipsync.cli.shot import analysed, open_shot
    from ofx_lipsync.media.sink import open_writer

    keep_freed()
    args = build_parser().parse_args(["dub", *argv, "--progress", "none"])
    clock = Clock()
    watch(clock)
    with open_shot(args) as opened, progress("none") as shown:
        frames = opened.plate.frames
        with open_writer(args.out, opened.plate) as writer:
            clock.taken()
            analysis = analysed(opened, None, shown)
            analyse_s = clock.taken()
            render(opened, analysis, frames, writer, shown)
            render_s = clock.taken()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    face_px = float(analysis.plan.face_height_px.mean()) if len(analysis.plan.frames) else 0.0
    found = {"frames": len(frames), "face_px": face_px, "peak_mib": peak_mib}
    print(json.dumps({"analyse": analyse_s, "render": render_s, **found}))


def watch(clock: Clock) -> None:
    """Clocks where the stages of a dub begin and end."""
    from ofx_lipsync.cli import frames
    from ofx_lipsync.graph import Dub, node
    from ofx_lipsync.media import picture_file, still, still_writer
    from ofx_lipsync.media.colour import Colour
    from ofx_lipsync.media.still_frame import StillFrame

    for name in ("read_rgb", "read_all", "read_part", "open_input"):
        clock.on(picture_file, name, "read")
    clock.on(still, "area_average", "reduce")
    clock.on(still_writer, "write_file", "write")
    clock.on(still_writer, "pixels_sha256", DIGEST)
    clock.on(Colour, "convert", "colour")
    for owner, name in ((Dub, "comp"), (frames, "together"), (StillFrame, "lay"), (StillFrame, "composite")):
        clock.on(owner, name, "composite")
    clock.on(node("FaceDetect"), "analyse", "faces")
    clock.on(node("AudioFeature"), "analyse", "hearing")
    clock.on(node("MouthGenerate"), "analyse", "planning")
    clock.on(node("MouthGenerate"), "render", "mouth")
    clock.on(node("Blend"), "layer", "blend")


if __name__ == "__main__":
    child(sys.argv[1:])
