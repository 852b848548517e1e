# SPDX-License-Identifier: Apache-2.0
"""The OpenFX plug-in: a shim in the host's process, one worker beside it (docs/design/plugin.md)."""
