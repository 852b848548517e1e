# SPDX-License-Identifier: Apache-2.0
"""What the worker uses of it."""

from . import runtime as runtime
