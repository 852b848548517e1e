# SPDX-License-Identifier: Apache-2.0
"""The nodes inside Natron, Nuke and Resolve: a small C shim in the host, one worker process beside it."""
