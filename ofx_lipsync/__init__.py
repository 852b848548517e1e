# SPDX-License-Identifier: Apache-2.0
"""Make a mouth say a line: dubbing, portraits and drawn characters at plate resolution."""

__version__ = "0.1.0"
