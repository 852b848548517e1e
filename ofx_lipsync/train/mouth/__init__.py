# SPDX-License-Identifier: Apache-2.0
"""Teaching networks to make mouths."""
