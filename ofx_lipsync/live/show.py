# SPDX-License-Identifier: Apache-2.0
"""A performance: every side opened, started, kept alive and closed; the stage in the middle."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Callable

from ofx_lipsync.core.phones import OVR, Visemes, adobe, ovr
from ofx_lipsync.live import hud
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.controls import Controls
from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.file_devices import FileMicrophone
from ofx_lipsync.live.idle import Idle
from ofx_lipsync.live.keeper import Keeper
from ofx_lipsync.live.options import CHROMA, NONE, Options
from ofx_lipsync.live.outlet import Outlet, Slot, pumped
from ofx_lipsync.live.performer import Performer
from ofx_lipsync.live.sound_in import SoundIn
from ofx_lipsync.live.stage import Stage
from ofx_lipsync.live.timing import Holds
from ofx_lipsync.live.voice import Voice
from ofx_lipsync.live.webcam import Webcam
from ofx_lipsync.live.window import Window
from ofx_lipsync.models.hearing_listener import Hearing

SAYS_S = 0.5
"""How often the status line is written anew."""


class Show:
    """A context: devices are opened on entering, by the thread that has the GL context; then run()."""

    def __init__(self, options: Options, figure: Figure, hearing: Hearing, say: Callable[[str], None]) -> None:
        self.options, self.figure, self._say = options, figure, say
        self.keepers: dict[str, Keeper] = {}
        self.addresses: list[str] = []
        self.sound = SoundIn()
        self.voice: Voice | None = None
        self.webcam: Webcam | None = None
        self.slot = Slot()
        self._hearing = hearing
        self._files = ExitStack()
        self._takers = 0
        self._words, self._written_s = "", 0.0

    def __enter__(self) -> Show:
        with ExitStack() as files:
            self._open(files)
            self._files = files.pop_all()
        return self

    def __exit__(self, *what: object) -> None:
        self._files.close()

    def _open(self, files: ExitStack) -> None:
        options, mouths = self.options, self.figure.mouths
        visemes = mouths_of(mouths.alphabet)
        if options.mic != NONE:
            self.voice = Voice(self.sound, self._hearing, visemes, Holds(options.hold_s))
            self._keep(files, "mic", self._microphone())
            files.callback(self.voice.close)
            self.voice.start()
        if options.webcam != NONE:
            self.webcam = Webcam(options.webcam, loop=options.loop)
            self._keep(files, "webcam", Keeper(self.webcam.name, self.webcam.open, self._say))
        self.performer = Performer(
            self.voice, self.webcam, mouths.expressions, mouth=options.mouth, offset_s=options.offset_s,
            mirror=options.mirror, idle=Idle(options.seed), visemes=visemes,
        )  # fmt: skip
        self._outlets(files)
        self.controls = Controls(
            options.background, self._mute, self.performer.choose, self.calibrate,
            options.background or CHROMA,
        )  # fmt: skip
        slot = self.slot if self._takers else None
        self.stage = Stage(self.performer, self.figure, options.width, options.height, slot, options.rate)

    def _microphone(self) -> Keeper:
        mic = self.options.mic
        if Path(mic).is_file():
            file = FileMicrophone(mic, self.sound, loop=self.options.loop)
            return Keeper(f"{mic} as a microphone", file.open, self._say)
        from ofx_lipsync.live.microphone import Microphone

        device = Microphone(mic, self.sound)
        return Keeper(device.name, device.open, self._say)

    def _outlets(self, files: ExitStack) -> None:
        options = self.options
        if options.virtual_camera is not None:
            from ofx_lipsync.live.virtual_camera import VirtualCamera

            self._outlet(files, "virtual camera", lambda: VirtualCamera(
                options.width, options.height, options.rate, options.background or CHROMA, options.virtual_camera or ""
            ), repeat_s=1 / options.rate)  # fmt: skip
        if options.pipe is not None:
            from ofx_lipsync.live.pipe_out import PipeOut, make_pipe

            pipe = options.pipe
            make_pipe(pipe)
            self._outlet(files, f"pipe {pipe}", lambda: PipeOut(pipe), repeat_s=1 / options.rate, waits=True)
        if options.http is not None:
            from ofx_lipsync.live.browser import Browser

            browser = Browser(self.slot, options.http)
            files.callback(browser.close)
            self.addresses.append(browser.address)
            self._takers += 1

    def _outlet(
        self, files: ExitStack, name: str, open: Callable[[], Outlet], repeat_s: float, waits: bool = False
    ) -> None:
        """waits: it need not be there at the beginning."""
        self._takers += 1
        self._keep(files, name, Keeper(name, pumped(self.slot, open, repeat_s), self._say), waits)

    def _keep(self, files: ExitStack, name: str, keeper: Keeper, waits: bool = False) -> None:
        self.keepers[name] = keeper
        files.callback(keeper.close)
        keeper.start(waits)

    def _mute(self, muted: bool) -> None:
        self.sound.muted = muted

    def calibrate(self) -> None:
        """The face's rest is how it looks now; and how much later than the voice it is."""
        if self.webcam is None:
            self._say("calibrate: there is no webcam")
            return
        late = self.performer.face_late()
        self.webcam.calibration.again()
        if late is not None and late.sure:
            self._say(f"calibrated; the face is {1000 * late.late_s:+.0f} ms later than the voice")
        else:
            self._say("calibrated; talk for some seconds and press again to learn how much later the face is")

    def run(self, window: Window | None = None) -> None:
        """Until it is closed, or `seconds` are over; in a window, or for the outlets alone."""
        end_s = now() + (self.options.seconds if self.options.seconds is not None else float("inf"))
        while now() < end_s and not self.controls.closing and not (window and window.closing):
            if window:
                window.poll()
            self.stage.frame()
            if window and 0 not in window.size:
                self._show(window)
            self.stage.done()

    def _show(self, window: Window) -> None:
        self.stage.painter.show(*window.size, self.controls.behind)
        if self.controls.status:
            if now() - self._written_s > SAYS_S:
                self._words, self._written_s = self.status(), now()
            hud.paint(self.stage.painter, window.size, self.sound.level_db, self.sound.muted, self._words)
        window.swap()

    def status(self) -> str:
        faults = tuple(keeper.why for keeper in self.keepers.values() if keeper.why)
        return hud.status(
            self.stage.delay_s(), self.stage.pace.rate, self.sound.level_db, self.sound.muted,
            self.performer.expression, faults,
        )  # fmt: skip


def mouths_of(alphabet: tuple[str, ...]) -> Visemes:
    """Which sounds show which mouth of a set."""
    return ovr() if alphabet == OVR else adobe()
