# SPDX-License-Identifier: Apache-2.0
"""The USD as Pixar's library reads and moves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.rig import rig_of
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.head import mesh, morphs
from ofx_lipsync.export.curves.take import Take


@pytest.fixture
def stage(taken: Callable[..., Take], tmp_path: Path) -> Any:
    pytest.importorskip("pxr", reason="pip install ofx-lipsync[interchange]")
    from pxr import Usd

    (tmp_path / "a.usda").write_bytes(FORMATS["usd"].encoded(taken("usd", first_frame=1001)))
    return Usd.Stage.Open(str(tmp_path / "a.usda"))


def test_weights_are_the_curves(stage: Any, taken: Callable[..., Take]) -> None:
    from pxr import UsdSkel

    take = taken("usd", first_frame=1001)
    motion = UsdSkel.Animation(stage.GetPrimAtPath("/Face/Motion"))
    assert list(motion.GetBlendShapesAttr().Get()) == list(take.curves.names)
    weights = motion.GetBlendShapeWeightsAttr()
    assert weights.GetTimeSamples() == [1001.0 + k for k in range(len(take.curves))]
    read = np.array([weights.Get(1001 + k) for k in range(len(take.curves))])
    np.testing.assert_allclose(read, take.curves.values, atol=6e-7)
    assert stage.GetTimeCodesPerSecond() == 60
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (1001, 1000 + len(take.curves))


def test_pixars_own_skinning_moves_the_mask_as_we_mean(stage: Any, taken: Callable[..., Take]) -> None:
    from pxr import Gf, Usd, UsdGeom, UsdSkel

    take = taken("usd", first_frame=1001)
    assert UsdSkel.BakeSkinning(stage.Traverse(), Gf.Interval(1001, 1120))
    points = UsdGeom.Mesh(stage.GetPrimAtPath("/Face/Mask")).GetPointsAttr()
    for frame in (0, 30, 44, 100):
        wanted = mesh()[0] + np.tensordot(take.curves.values[frame], morphs(take.curves.names), 1)
        np.testing.assert_allclose(points.Get(Usd.TimeCode(1001 + frame)), wanted, atol=2e-6)


def test_the_stage_is_valid(stage: Any) -> None:
    from pxr import UsdValidation

    every = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert [error.GetMessage() for error in UsdValidation.ValidationContext(every).Validate(stage)] == []


def test_a_name_that_no_prim_may_have_is_refused(taken: Callable[..., Take], tmp_path: Path) -> None:
    table = tmp_path / "r.toml"
    table.write_text('[curves]\n"jaw open" = { from = { jaw = 1 } }\n')
    assert rig_of(table.read_text(), "r").names == ("jaw open",)
    for name in ("usd", "nuke"):
        with pytest.raises(UsageError, match="'jaw open' cannot name a"):
            FORMATS[name].encoded(taken(name, rig=str(table)))
