# SPDX-License-Identifier: Apache-2.0
"""From options to a performance: the drawings, the context they are drawn in, the show."""

from __future__ import annotations

import math
import sys
from contextlib import ExitStack
from typing import Callable

from ofx_lipsync.live.clock import now
from ofx_lipsync.live.controls import KEYS, expression_names
from ofx_lipsync.live.figure import Figure
from ofx_lipsync.live.options import Options
from ofx_lipsync.live.show import Show
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.models.hearing_listener import Hearing

SWITCH_S = 0.001
"""How long one thread may keep the others waiting; Python's own 5 ms would be seen in the delay."""


def perform(path: str, options: Options, say: Callable[[str], None]) -> None:
    """path: of the set. say: takes a line for the performer.  Raises: any LipSyncError, before anything is shown."""
    sys.setswitchinterval(SWITCH_S)
    figure = read_figure(path, options.height, say)
    hearing = Hearing.named()
    with ExitStack() as files:
        window = None
        if options.window:
            from ofx_lipsync.live.window import Window

            window = Window(options.width, options.height, "lipsync live")
            files.callback(window.close)
        else:
            from ofx_lipsync.view.context import offscreen

            files.enter_context(offscreen())
        show = files.enter_context(Show(options, figure, hearing, say))
        if window:
            window.follow(show.controls)
            say(f"{KEYS}\n{expression_names(figure.mouths.expressions)}")
        for address in show.addresses:
            say(f"browser source: {address}")
        begun_s = now()
        try:
            show.run(window)
        except KeyboardInterrupt:
            say("")
        say(summary(show, now() - begun_s))


def summary(show: Show, lasted_s: float) -> str:
    """What a streamer has to know to set OBS."""
    delay_s, pace = show.stage.delay_s(), show.stage.pace
    told = f"{lasted_s:.0f} s, {pace.frames} frames"
    if not math.isnan(delay_s):
        told += f"; sound to picture {1000 * delay_s:.0f} ms: set the microphone's Sync Offset in OBS to that"
    lost = f"; {1000 * show.sound.lost_s:.0f} ms of sound were lost" if show.sound.lost_s else ""
    return told + lost


def read_figure(path: str, height_px: int, say: Callable[[str], None] | None = None) -> Figure:
    """The set's drawings, drawn at the height that they are shown at. say: is told before what takes some seconds."""
    from ofx_lipsync.media.mouth_set import read_mouth_set

    colour = Colour.load(None)
    mouths = read_mouth_set(path, colour, height_px=height_px)
    if say:
        say(f"{path}: taking its mouths apart")
    return Figure(mouths, colour)
