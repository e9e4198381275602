"""The networks and the step written plainly in PyTorch, as the baseline for timings.

This is a straightforward version of the paper's appendix 6.1: one module per layer, batch normalisation by the batch's
own statistics, dropout from PyTorch's generator, and real and fake judged one after the other. The layers are in the
order of `Generator.state_dict()`, so that `load` can give them the same weights.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pix2pix.training.learner import BETAS


class PlainGenerator(nn.Module):
    """The U-Net. (N, 3, H, W) -> (N, 3, H, W). It is used in training mode, also to translate."""

    def __init__(self, features: int = 64, max_features: int = 512, depth: int = 8) -> None:
        super().__init__()
        widths = [min(features * 2**level, max_features) for level in range(depth)]
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            normed = 0 < level < depth - 1
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if level else []
            layers.append(nn.Conv2d(widths[level - 1] if level else 3, width, 4, 2, 1, bias=not normed))
            self.downs.append(nn.Sequential(*layers, *([nn.BatchNorm2d(width)] if normed else [])))
        for level in reversed(range(1, depth)):
            width = widths[level - 1]
            before = widths[level] * (1 if level == depth - 1 else 2)
            layers = [nn.ReLU(), nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width)]
            self.ups.append(nn.Sequential(*layers, *([nn.Dropout(0.5)] if level > depth - 4 else [])))
        self.ups.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], 3, 4, 2, 1), nn.Tanh()))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
        x = self.ups[0](skips.pop())
        for up in self.ups[1:]:
            x = up(torch.cat([x, skips.pop()], 1))
        return x


class PlainDiscriminator(nn.Sequential):
    """The 70 x 70 PatchGAN. (N, 6, H, W), input and output stacked -> logits of its patches."""

    def __init__(self, features: int = 64) -> None:
        layers: list[nn.Module] = [nn.Conv2d(6, features, 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, stride in ((features, 2), (2 * features, 2), (4 * features, 1)):
            layers += [nn.Conv2d(before, 2 * before, 4, stride, 1, bias=False), nn.BatchNorm2d(2 * before)]
            layers.append(nn.LeakyReLU(0.2))
        super().__init__(*layers, nn.Conv2d(8 * features, 1, 4, 1, 1))


def load(plain: nn.Module, ours: nn.Module) -> None:
    """Copy the weights of our network into the plain one."""
    targets, sources = list(plain.parameters()), list(ours.parameters())
    with torch.no_grad():
        for target, source in zip(targets, sources, strict=True):
            target.copy_(source)


def plain_step(g: nn.Module, d: nn.Module, x: Tensor, y: Tensor) -> Callable[[], tuple[Tensor, Tensor]]:
    """Make a training step on one pair: D on real and on fake, then G on cGAN + 100 L1. The step returns the losses of
    D and G."""
    optimizer_g, optimizer_d = (torch.optim.Adam(network.parameters(), 2e-4, BETAS) for network in (g, d))
    judge, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()

    def step() -> tuple[Tensor, Tensor]:
        fake = g(x)
        d.requires_grad_(True)
        optimizer_d.zero_grad()
        on_real, on_fake = d(torch.cat([x, y], 1)), d(torch.cat([x, fake.detach()], 1))
        loss_d = (judge(on_real, torch.ones_like(on_real)) + judge(on_fake, torch.zeros_like(on_fake))) / 2
        loss_d.backward()
        optimizer_d.step()
        d.requires_grad_(False)
        optimizer_g.zero_grad()
        verdict = d(torch.cat([x, fake], 1))
        loss_g = judge(verdict, torch.ones_like(verdict)) + 100 * l1(fake, y)
        loss_g.backward()
        optimizer_g.step()
        return loss_d, loss_g

    return step
