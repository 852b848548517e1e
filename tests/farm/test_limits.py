# SPDX-License-Identifier: Apache-2.0
"""A task takes what it was given: by the user first, then by the farm."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.errors import DeviceError, UsageError
from ofx_lipsync.farm.limits import allowed, cards, check_device


def test_the_user_goes_before_the_farm_and_nobody_means_as_it_comes():
    assert allowed(3, {"CUE_THREADS": "8"}) == 3
    assert allowed(None, {"CUE_THREADS": "8"}) == 8
    assert allowed(None, {"CUE_THREADS": "0.5"}) == 1
    assert allowed(None, {"CUE_THREADS": "many"}) is None
    assert allowed(None, {}) is None


def test_no_thread_at_all_is_refused():
    with pytest.raises(UsageError, match="--threads: got 0"):
        allowed(0)


def test_a_device_that_is_not_there_is_exit_code_five():
    check_device("cpu")
    with pytest.raises(DeviceError, match="no such GPU here") as caught:
        check_device(f"cuda:{cards()}", {})
    assert caught.value.exit_code == 5
    with pytest.raises(DeviceError, match="CUE_GPUS=0"):
        check_device("cuda:0", {"CUE_GPUS": "0"})
    with pytest.raises(UsageError, match="expected cpu or cuda:0"):
        check_device("tpu")


def test_threads_do_not_change_a_byte(farm, tmp_path):
    import OpenImageIO as oiio

    from ofx_lipsync.bench.farm_cases import digests
    from ofx_lipsync.cli.main import main

    kept = {name: oiio.get_int_attribute(name) for name in ("threads", "exr_threads")}
    try:
        assert main([*farm.dub(tmp_path, "1004"), "--threads", "2", "--progress", "none"]) == 0
        assert oiio.get_int_attribute("exr_threads") == 2
    finally:
        for name, value in kept.items():
            oiio.attribute(name, value)
    assert digests(tmp_path).items() <= digests(farm.folder / "whole").items()
