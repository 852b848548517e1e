# SPDX-License-Identifier: Apache-2.0
"""The plate engine of MouthGenerate: this actor's own mouths, chosen, brought to the wanted shape."""
