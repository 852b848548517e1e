# SPDX-License-Identifier: Apache-2.0
"""A small OpenFX host: loads the plug-in as Nuke or Natron would, for `lipsync doctor --host`, benchmarks and tests."""
