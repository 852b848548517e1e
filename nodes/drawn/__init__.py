# SPDX-License-Identifier: Apache-2.0
"""The parts of Character: when each drawn mouth is shown, and what lies between two of them."""
