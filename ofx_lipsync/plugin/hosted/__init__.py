# SPDX-License-Identifier: Apache-2.0
"""What each node does in a host: one module a node, with `render`, `analyse` and `clips_at` where it has them."""
