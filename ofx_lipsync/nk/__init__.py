# SPDX-License-Identifier: Apache-2.0
"""Nuke scripts without Nuke: read as text, worked out as far as a dub needs, and rendered. Nothing in them is run."""
