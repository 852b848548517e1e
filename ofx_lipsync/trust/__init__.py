# SPDX-License-Identifier: Apache-2.0
"""What a result says of itself, and how anybody may check it: sidecar, signature, verification, review movies."""
