# SPDX-License-Identifier: Apache-2.0
"""A shot on the screen: pixels through the OCIO view's GPU shader, what the analysis found drawn over them."""
