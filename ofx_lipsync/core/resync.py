# SPDX-License-Identifier: Apache-2.0
"""What Resync decided for a shot: how late the sound is, stretch by stretch, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SOUND, PICTURE, MOUTH = "sound", "picture", "mouth"
FIXES = (SOUND, PICTURE, MOUTH)


@dataclass(frozen=True)
class ResyncPlan:
    """K stretches of the picture, ascending, on the shot's clock. Where two do not touch, the sound was lost.

    begin_s, end_s: [K] float64, picture time. late_s: [K, 2] float64, how much later than its picture the sound
    comes at either end, straight between; negative where it comes early. fix: K of FIXES.
    """

    begin_s: np.ndarray
    end_s: np.ndarray
    late_s: np.ndarray
    fix: tuple[str, ...]

    def tempo(self) -> np.ndarray:
        """[K]: seconds of sound in a second of picture."""
        return 1 + (self.late_s[:, 1] - self.late_s[:, 0]) / (self.end_s - self.begin_s)

    def late_at(self, times_s: np.ndarray) -> np.ndarray:
        """[N] float64: how late the sound is at picture times, in holes as just before them, held outside."""
        row = np.clip(np.searchsorted(self.begin_s, times_s, side="right") - 1, 0, len(self.fix) - 1)
        begin, end = self.begin_s[row], self.end_s[row]
        part = np.clip((times_s - begin) / (end - begin), 0.0, 1.0)
        return self.late_s[row, 0] + part * (self.late_s[row, 1] - self.late_s[row, 0])

    def played(self) -> list[tuple[float, float, float, float]]:
        """(picture from, to, sound from, tempo) of what is delivered where. Sound that is not retimed goes on at its
        own speed from where the retimed sound before it ended; with none before it, as it was recorded."""
        if self.fix[:1] == (PICTURE,) or SOUND not in self.fix:
            return [(float(self.begin_s[0]), float(self.end_s[-1]), float(self.begin_s[0]), 1.0)]
        shift_s, found = float(self.late_s[self.fix.index(SOUND), 0]), []
        for begin, end, late, fix, tempo in zip(
            self.begin_s, self.end_s, self.late_s, self.fix, self.tempo(), strict=True
        ):
            if fix == SOUND:
                found.append((float(begin), float(end), float(begin + late[0]), float(tempo)))
                shift_s = float(late[1])
            else:
                found.append((float(begin), float(end), float(begin) + shift_s, 1.0))
        return found

    def shown_s(self, times_s: np.ndarray) -> np.ndarray:
        """[N] float64: which moment of the picture to show at each moment of the sound as it is, never going back."""
        heard = np.maximum.accumulate(np.stack([self.begin_s, self.end_s], 1).ravel() + self.late_s.ravel())
        seen = np.maximum.accumulate(np.stack([self.begin_s, self.end_s], 1).ravel())
        row = np.searchsorted(heard, times_s, side="right")
        before = np.clip(row - 1, 0, len(heard) - 1)
        after = np.clip(row, 0, len(heard) - 1)
        span = heard[after] - heard[before]
        part = np.divide(times_s - heard[before], span, out=np.zeros(len(times_s)), where=span > 0)
        return seen[before] + np.clip(part, 0, 1) * (seen[after] - seen[before])
