# SPDX-License-Identifier: Apache-2.0
"""The published lip-sync generator at 96 px, layer by layer, so that public checkpoints of it fit.

Source: Prajwal et al., "A Lip Sync Expert Is All You Need" (ACM MM 2020), and the keys and shapes of its checkpoints.
A face whose lower half is blank, a reference face and 0.2 s of mel go in, the face saying it comes out. 36.3 million
weights, 7.9 GFLOP a frame. No weights of it come with this project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

LAYOUT = "wav2lip"
SIZE_PX, MEL_BANDS, MEL_STEPS = 96, 80, 16


@dataclass(frozen=True)
class Conv:
    """A convolution with its batch norm; `same` adds what came in before the ReLU, `up` is a transposed one."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int | tuple[int, int] = 1
    pad: int = 1
    same: bool = False
    up: int | None = None


def _same(width: int, count: int) -> tuple[Conv, ...]:
    return (Conv(width, width, same=True),) * count


def _ladder() -> tuple[tuple[Conv, ...], ...]:
    """The face encoder: 96 px to one point, each step half as large."""
    steps = [(Conv(6, 16, 7, pad=3),)]
    for inputs, outputs, extra in ((16, 32, 2), (32, 64, 3), (64, 128, 2), (128, 256, 2), (256, 512, 1)):
        steps.append((Conv(inputs, outputs, stride=2), *_same(outputs, extra)))
    return (*steps, (Conv(512, 512, pad=0), Conv(512, 512, 1, pad=0)))


AUDIO = (
    Conv(1, 32), *_same(32, 2), Conv(32, 64, stride=(3, 1)), *_same(64, 2), Conv(64, 128, stride=3), *_same(128, 2),
    Conv(128, 256, stride=(3, 2)), *_same(256, 1), Conv(256, 512, pad=0), Conv(512, 512, 1, pad=0),
)  # fmt: skip
FACE = _ladder()
DECODER = (
    (Conv(512, 512, 1, pad=0),),
    (Conv(1024, 512, pad=0, up=0), *_same(512, 1)),
    (Conv(1024, 512, stride=2, up=1), *_same(512, 2)),
    (Conv(768, 384, stride=2, up=1), *_same(384, 2)),
    (Conv(512, 256, stride=2, up=1), *_same(256, 2)),
    (Conv(320, 128, stride=2, up=1), *_same(128, 2)),
    (Conv(160, 64, stride=2, up=1), *_same(64, 2)),
)


class Block(nn.Module):
    """Convolution, batch norm, ReLU; `norm` goes when it is folded into the convolution."""

    def __init__(self, conv: Conv) -> None:
        super().__init__()
        self.same = conv.same
        made: nn.Module
        if conv.up is None:
            made = nn.Conv2d(conv.inputs, conv.outputs, conv.kernel, conv.stride, conv.pad)
        else:
            made = nn.ConvTranspose2d(conv.inputs, conv.outputs, conv.kernel, conv.stride, conv.pad, conv.up)
        self.conv_block = nn.Sequential(made, nn.BatchNorm2d(conv.outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return torch.relu(y + x if self.same else y)


def blocks(convs: tuple[Conv, ...]) -> nn.Sequential:
    return nn.Sequential(*(Block(conv) for conv in convs))


class Wav2Lip(nn.Module):
    """mel: [B, 1, 80, 16], face: [B, 6, 96, 96] (blank lower half, then the reference; BGR, 0..1) -> [B, 3, 96, 96].

    With a T axis, [B, T, 1, 80, 16] and [B, 6, T, 96, 96], every frame is made by itself -> [B, 3, T, 96, 96].
    """

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(blocks(step) for step in FACE)
        self.audio_encoder = blocks(AUDIO)
        self.face_decoder_blocks = nn.ModuleList(blocks(step) for step in DECODER)
        self.output_block = nn.Sequential(Block(Conv(80, 32)), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        if face.dim() == 5:
            frames = face.shape[2]
            made = self(mel.transpose(0, 1).flatten(0, 1), torch.cat(face.unbind(2)))
            return torch.stack(made.chunk(frames), dim=2)
        seen, x = [], face
        for encoder in self.face_encoder_blocks:
            x = encoder(x)
            seen.append(x)
        x = self.audio_encoder(mel)
        for decoder, face_x in zip(self.face_decoder_blocks, reversed(seen), strict=True):
            x = torch.cat([decoder(x), face_x], dim=1)
        return torch.as_tensor(self.output_block(x))


def shapes() -> dict[str, tuple[int, ...]]:
    """Every key of a checkpoint, and its shape."""
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in Wav2Lip().state_dict().items()}


def for_use(tensors: Mapping[str, np.ndarray], bf16: bool = False) -> Wav2Lip:
    """The network with batch norms folded into the convolutions, channels last: a third of the time. bf16: faster again
    where the processor multiplies it, and good to 8 bits."""
    network = Wav2Lip()
    network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in tensors.items()})
    network.eval()
    for block in folded(network):
        conv, norm = block.conv_block
        block.conv_block = _fused(conv, norm)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.bfloat16() if bf16 else network


def folded(network: nn.Module) -> Iterator[Block]:
    return (module for module in list(network.modules()) if isinstance(module, Block))


def _fused(conv: nn.Module, norm: nn.Module) -> nn.Module:
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    return fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d))  # type: ignore[type-var]


def fast_bf16() -> bool:
    """Whether this processor multiplies bf16 by itself; without, it is slower than float32."""
    from pathlib import Path

    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
