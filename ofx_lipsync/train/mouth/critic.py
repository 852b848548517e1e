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

FINER = 6.0


class Critic(nn.Module):
    """x: [B, 6, 64, 64], picture within the zone and the shapes wanted. Returns [B, 1, 16, 16], above 0 for filmed.

    It is shown the picture's fine texture as well, larger than life: that is where the two differ.
    """

    def __init__(self, inputs: int = 9, widths: tuple[int, ...] = (32, 64, 96)) -> None:
        super().__init__()
        steps = (1, 2, 2)
        sizes = zip((inputs, *widths[:-1]), widths, steps, strict=True)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 4 if s == 2 else 3, stride=s, padding=1) for a, b, s in sizes)
        self.out = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        picture = x[:, :3]
        fine = picture - functional.avg_pool2d(picture, 3, 1, 1)
        x = torch.cat([x, FINER * fine], dim=1)
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.2)
        return torch.as_tensor(self.out(x))


def judged(real: Tensor, fake: Tensor, weight: Tensor) -> Tensor:
    """The critic's loss; weight: [B, 1, 64, 64], where it matters."""
    wrong = functional.relu(1 - real.float()) + functional.relu(1 + fake.float())
    return _mean(wrong, weight)


def fooled(fake: Tensor, weight: Tensor) -> Tensor:
    """The maker's loss."""
    return -_mean(fake.float(), weight)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    share = functional.adaptive_avg_pool2d(weight, values.shape[-1])
    return (values * share).sum() / (share.sum() + 1e-6)
