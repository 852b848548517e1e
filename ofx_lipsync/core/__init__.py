# SPDX-License-Identifier: Apache-2.0
"""The nouns every room shares. Imports nothing of ours, and no torch."""
