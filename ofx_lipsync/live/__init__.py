# SPDX-License-Identifier: Apache-2.0
"""The live performer: a microphone and a webcam move a drawn character, in a window, a virtual camera, a stream."""
