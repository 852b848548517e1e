# SPDX-License-Identifier: Apache-2.0
"""--preset NAME, wherever there is --set."""

from __future__ import annotations

import argparse
from typing import Any, Sequence


class AddPreset(argparse.Action):
    """--preset NAME: as if its params were given with --set in this place, so that a --set after it wins."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        from ofx_lipsync.tuning.preset import find

        before = list(getattr(namespace, self.dest) or [])
        setattr(namespace, self.dest, [*before, *find(str(values)).sets])
