# SPDX-License-Identifier: Apache-2.0
"""On a render farm: jobs for its queue, an engine that stays, and frames that need not be made twice."""
