# SPDX-License-Identifier: Apache-2.0
"""A critic who tells filmed mouths from made ones, patch by patch: where many teeth are likely, it wants some, not
their mean.

Source: Isola et al., "Image-to-image translation with conditional adversarial networks" (2017), on patches; hinge loss
after Lim and Ye, "Geometric GAN" (2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


class Critic(nn.Module):
    """x: [B, 6, 64, 64], picture within the zone and the shapes wanted. Returns [B, 1, 16, 16], above 0 for filmed."""

    def __init__(self, inputs: int = 6, widths: tuple[int, ...] = (32, 64, 96)) -> None:
        super().__init__()
        steps = (1, 2, 2)
        sizes = zip((inputs, *widths[:-1]), widths, steps, strict=True)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4 if s == 2 else 3, stride=s, padding=1)) for a, b, s in sizes
        )
        self.out = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.2)
        return torch.as_tensor(self.out(x))


def judged(real: Tensor, fake: Tensor) -> Tensor:
    """The critic's loss."""
    return functional.relu(1 - real.float()).mean() + functional.relu(1 + fake.float()).mean()


def fooled(fake: Tensor) -> Tensor:
    """The maker's loss."""
    return -fake.float().mean()
