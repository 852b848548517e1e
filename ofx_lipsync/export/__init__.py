# SPDX-License-Identifier: Apache-2.0
"""What other programs read: node scripts for Nuke and Natron, made from the node declarations."""
