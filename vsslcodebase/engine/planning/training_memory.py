"""How much memory a step of training takes, without a GPU.

The network runs on the device 'meta', which knows shapes and computes
nothing, and what autograd keeps for the backward pass is added up. This is
most of what training video takes; the rest is estimated, and stands in the
result with its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from mmengine.model import revert_sync_batchnorm
from torch import Tensor, nn

from vsslcodebase.registry import MODELS
from vsslcodebase.utils.nested import dicts_in

GIB = 2**30
CONTEXT = 0.8 * GIB  # CUDA's own, libraries and what fragments
WORKING_COPIES = 3  # of the largest map: input, output and gradient of a layer
STATES = {'SGD': 1, 'LARS': 1, 'AdamW': 2, 'Adam': 2}  # floats a weight


class TrainingMemory(NamedTuple):
    """Bytes of one GPU; the fields of the first line do not grow with videos.

    Attributes:
        weights: Parameters and buffers, copies of a momentum encoder too.
        gradients: Of what is trained, and DDP's buckets.
        optimizer: Its state.
        activations: Of one video: what the backward pass needs.
        working: Of one video: the largest maps, alive for a moment.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    working: int

    def of(self, num_videos: int) -> float:
        """Return the bytes of a step of so many videos a GPU."""
        grows = num_videos * (self.activations + self.working)
        return self.fixed + grows

    @property
    def fixed(self) -> float:
        """Bytes before the first video."""
        return CONTEXT + self.weights + self.gradients + self.optimizer

    def most_videos(self, num_bytes: float) -> int:
        """Return how many videos fit, 0 if none does."""
        left = num_bytes - self.fixed
        return max(0, int(left // (self.activations + self.working)))


def training_memory(
    model_cfg: dict[str, Any],
    clip_shape: Sequence[int],
    num_clips: int,
    optimizer: str = 'SGD',
    mixed: bool = False,
    distributed: bool = True,
) -> TrainingMemory:
    """Estimate what a GPU needs to train a model.

    Args:
        model_cfg: The config's model: a trunk of ours or a recognizer. Of
            neck and head only the weights count: beside the maps of a
            backbone their vectors are nothing.
        clip_shape: (C, T, H, W).
        num_clips: V, of a video.
        optimizer: The type; an unknown one counts as one with two states.
        mixed: Activations in 16 bits (``--amp``).
        distributed: More than one GPU.
    """
    model = build_on_meta(model_cfg)
    model.train()
    clips = torch.empty(num_clips, *clip_shape, device='meta')
    saved, largest = activations(model.backbone, clips)
    width = 0.5 if mixed else 1.0
    trained = sum(
        p.numel() * p.element_size()
        for p in model.parameters()
        if p.requires_grad
    )
    held = sum(
        t.numel() * t.element_size()
        for t in (*model.parameters(), *model.buffers())
    )
    return TrainingMemory(
        weights=int(held + mixed * held / 2),  # autocast keeps 16-bit copies
        gradients=trained * (2 if distributed else 1),
        optimizer=trained * STATES.get(optimizer, 2),
        activations=int(width * saved) + clips.numel() * 5,  # uint8 and float
        working=int(width * WORKING_COPIES * largest),
    )


def activations(network: nn.Module, *inputs: Tensor) -> tuple[int, int]:
    """Return the bytes that autograd keeps of a forward pass.

    Args:
        network: Run once, on whatever device it is.
        inputs: Its arguments.

    Returns:
        Of all distinct tensors, the network's own weights not counted; and
        of the largest output of any of its modules.
    """
    kept, outputs = _Kept(), [0]

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            outputs.append(output.numel() * output.element_size())

    handles = [m.register_forward_hook(note) for m in network.modules()]
    try:
        with torch.autograd.graph.saved_tensors_hooks(
            kept.pack, lambda packed: packed
        ):
            network(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return kept.without(network), max(outputs)


class _Kept:
    """The memory behind the tensors that autograd keeps, each once."""

    def __init__(self) -> None:
        self.storages: dict[int, torch.UntypedStorage] = {}

    def pack(self, tensor: Tensor) -> Tensor:
        """Note a tensor; a storage that is held keeps its address."""
        storage = tensor.untyped_storage()
        self.storages[storage._cdata] = storage
        return tensor

    def without(self, network: nn.Module) -> int:
        """Return the bytes, but for weights and buffers of the network."""
        own = {
            tensor.untyped_storage()._cdata
            for tensor in (*network.parameters(), *network.buffers())
        }
        return sum(
            storage.nbytes()
            for address, storage in self.storages.items()
            if address not in own
        )


def build_on_meta(model_cfg: dict[str, Any]) -> Any:
    """Build a model that has shapes and no memory."""
    cfg = deepcopy(model_cfg)
    for _, node in dicts_in(cfg):
        for key in ('init_cfg', 'pretrained'):
            if key in node:
                node[key] = None
    with torch.device('meta'):
        return revert_sync_batchnorm(MODELS.build(cfg))
