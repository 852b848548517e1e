# SPDX-License-Identifier: Apache-2.0
"""Per-shot tuning: wedges, contact sheets, graphs, a report per shot, and presets."""
