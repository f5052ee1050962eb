"""The part of a model that gives an answer, as one module."""

from __future__ import annotations

from torch import Tensor, nn

from vsslcodebase.checkpoints.saved_network import (
    SavedNetwork,
    build_head,
    build_network,
)
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.layers import pool_map

OUTPUTS = ('scores', 'features', 'map')


class WholeNetwork(nn.Module):
    """What is exported: colours if wanted, backbone, classifier or mean.

    Args:
        saved: The network.
        output: 'map', (N, D, t, h, w); 'features', its mean over time and
            space, (N, D); 'scores' of the classifier before the softmax,
            (N, num_classes). Default: scores where there is a classifier,
            else features.
        with_preprocess: Take uint8 red, green and blue and standardise them
            as in training. Otherwise clips come as the network wants them.

    Raises:
        UsageError: Scores are asked for, but there is no classifier.
        CheckpointError: The weights do not fit.
    """

    def __init__(
        self,
        saved: SavedNetwork,
        output: str | None = None,
        with_preprocess: bool = False,
    ) -> None:
        super().__init__()
        output = output or ('features' if saved.head is None else 'scores')
        if output not in OUTPUTS:
            raise UsageError(
                f'the output is one of {", ".join(OUTPUTS)}, got {output!r}'
            )
        if output == 'scores' and saved.head is None:
            raise UsageError(
                f'{saved.path} has no classifier that could give scores; '
                'take the output features or map'
            )
        self.backbone = build_network(saved)
        self.head = build_head(saved) if output == 'scores' else None
        self.output = output
        self.contract = saved.contract if with_preprocess else None
        self.requires_grad_(False)
        self.eval()

    def forward(self, clips: Tensor) -> Tensor:
        """Map clips (N, 3, T, H, W) to the output."""
        if self.contract is not None:
            clips = self.contract.normalise(clips)
        maps = self.backbone(clips)
        if self.head is not None:
            return self.head(maps)
        return maps if self.output == 'map' else pool_map(maps, 'gap')
