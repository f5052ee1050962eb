"""What speaks for a class, where in a clip (Grad-CAM++).

Chattopadhyay et al., "Grad-CAM++: Improved Visual Explanations for Deep
Convolutional Networks", WACV 2018. HCML (Yang et al. 2020), Fig. 4, draws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from vsslcodebase.evaluation.layers import find_layer

from .attention import check_map, enlarge


class ClassAttention(NamedTuple):
    """Of V clips of a video; on the CPU.

    Attributes:
        maps: (V, T, H, W) float32, at least 0: how much each place speaks
            for the class, comparable inside a clip.
        target: The class asked about; it is the same for all clips.
        probabilities: (classes,) softmax of the scores, mean of the clips.
    """

    maps: Tensor
    target: int
    probabilities: Tensor


def grad_cam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh channels by how much of them speaks for a class.

    The class score S is taken as Y = exp(S), S piecewise linear in the
    activations A, so that derivatives of Y are exp(S) times powers of those
    of S, g. Where g > 0, and over positions p = (t, y, x) of a clip::

        alpha_p = g_p^2 / (2 g_p^2 + g_p^3 sum_q A_q)     (Eq. 19)
                = 1 / (2 + g_p sum_q A_q)
        w = sum_p alpha_p ReLU(g_p)                       (Eq. 7)
        map_p = ReLU(sum over channels of w A_p)

    w lacks the factor exp(S), which is the same all over a clip. The paper is
    about images; a clip is one map here, with time as a third axis.

    Args:
        activations: (N, C, t, h, w), at least 0, as behind a ReLU. The sum
            over a channel that is below 0 all the same counts as 0.
        gradients: The same shape, of the class score before softmax.

    Returns:
        (N, t, h, w) float32, at least 0.

    Raises:
        ValueError: The shapes differ, or are no maps.
    """
    check_map(activations)
    if gradients.shape != activations.shape:
        raise ValueError(
            'activations and their gradients have one shape, got '
            f'{tuple(activations.shape)} and {tuple(gradients.shape)}'
        )
    maps, slopes = activations.float(), gradients.float().relu()
    total = maps.sum((2, 3, 4), keepdim=True).clamp(min=0)
    alpha = 1 / (2 + slopes * total)
    weights = (alpha * slopes).sum((2, 3, 4), keepdim=True)
    return (weights * maps).sum(1).relu()


def class_attention(
    model: Any,
    batch: dict[str, Any],
    layer: str | None = None,
    target: int | None = None,
) -> ClassAttention:
    """Find what speaks for a class in the V clips of one video.

    Args:
        model: A recognizer of MMAction2 or ours, or a ``VideoSelfSupervisor``
            whose head classifies, such as ``PaceHead``; in eval mode.
        batch: Of one video, collated.
        layer: Name of a module in the backbone; None for its last map.
        target: The class; None for the one with the highest probability.

    Raises:
        ValueError: The model has no classifier, the class or the layer does
            not exist, or the layer gives no map.
    """
    data = model.data_preprocessor(batch, training=False)
    inputs, samples = data['inputs'], data['data_samples']
    name = find_layer(model.backbone, layer)
    with torch.enable_grad(), _starting_at(model.backbone, name) as seen:
        scores = _class_scores(model, inputs, samples).float()
    if len(seen) != 1:
        raise ValueError(
            f'layer {name!r} ran {len(seen)} times in one pass; choose one '
            'that runs once'
        )
    probabilities = scores.detach().softmax(1).mean(0).cpu()
    if target is None:
        target = int(probabilities.argmax())
    if not 0 <= target < scores.shape[1]:
        raise ValueError(
            f'the classes are 0 to {scores.shape[1] - 1}, got {target}'
        )
    # clips do not see each other in eval mode: one sum asks for them all
    (gradients,) = torch.autograd.grad(scores[:, target].sum(), seen[0])
    cells = grad_cam_plus_plus(seen[0].detach(), gradients)
    maps = enlarge(cells, tuple(inputs.shape[3:]))
    return ClassAttention(maps.cpu(), target, probabilities)


@contextmanager
def _starting_at(
    backbone: nn.Module, layer: str | None
) -> Iterator[list[Tensor]]:
    """Make a layer's output the start of the graph, and collect it."""
    seen: list[Tensor] = []

    def restart(module: nn.Module, inputs: Any, output: Any) -> Tensor:
        if not isinstance(output, Tensor):
            raise ValueError(
                f'{layer or "the backbone"} gave a {type(output).__name__}, '
                'expected one map; name a layer that gives one'
            )
        check_map(output)
        seen.append(output.detach().requires_grad_())
        return seen[-1].clone()  # an in-place ReLU may come next

    hook = backbone.get_submodule(layer or '').register_forward_hook(restart)
    try:
        yield seen
    finally:
        hook.remove()


def _class_scores(
    model: Any, inputs: Tensor, data_samples: list[BaseDataElement]
) -> Tensor:
    """Return class scores (V, classes) of inputs (1, V, C, T, H, W)."""
    if getattr(model, 'with_cls_head', False):
        feats, options = model.extract_feat(inputs, test_mode=True)
        return model.cls_head(feats, **options)
    classifier = getattr(getattr(model, 'head', None), 'classifier', None)
    if classifier is None:
        raise ValueError(
            f'{type(model).__name__} has no classifier: neither a cls_head, '
            'as a recognizer has, nor a head with one, as PaceHead has'
        )
    embeddings, _ = model.neck(model.extract_feat(inputs), data_samples)
    return classifier(embeddings)
