# SPDX-License-Identifier: Apache-2.0
"""Face curves and mouth cues in the formats of games, animation packages and drawn characters, one file each."""
