"""What a network knows: linear probes on its features, kept frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch.utils.data import DataLoader

from vsslcodebase.compat import load_checkpoint
from vsslcodebase.evaluation import extract_features
from vsslcodebase.evaluation.motion_mini_probe import fit_probes
from vsslcodebase.registry import MODELS

Report = Callable[[int, int, str], None]


def build_network(
    cfg: Config, checkpoint: Path | None, seed: int, device: str = 'cpu'
) -> Any:
    """Build a pre-training model in eval mode.

    Args:
        cfg: Its config.
        checkpoint: Weights of the whole model; None leaves it untrained.
        seed: Of the untrained weights.
        device: Where it is to run.
    """
    init_default_scope(cfg.default_scope)
    # init_weights would list every tensor on the terminal
    if not MMLogger.check_instance_created('demo'):
        MMLogger.get_instance('demo', log_level='ERROR')
    set_random_seed(seed)
    model = MODELS.build(cfg.model)
    if checkpoint is None:
        model.init_weights()
    else:
        model.load_state_dict(load_checkpoint(checkpoint)['state_dict'])
    return model.to(device).eval()


def probe_network(
    model: Any,
    loaders: dict[str, dict[str, Any]],
    data_dir: Path,
    report: Report,
) -> dict[str, Any]:
    """Fit and test a linear probe for each kind of label.

    Args:
        model: With ``backbone`` and ``data_preprocessor``.
        loaders: Configs of the data loaders of 'train' and 'test'.
        data_dir: Folder of motion-mini, for the labels.
        report: Called with (videos done, videos in all, what is done).

    Returns:
        What ``fit_probes`` found.
    """
    built = {
        split: Runner.build_dataloader(loader)
        for split, loader in loaders.items()
    }
    total = sum(len(loader.dataset) for loader in built.values())
    report(0, total, 'reading features')
    done, features, ids = 0, {}, {}
    for split, loader in built.items():
        watched = cast(DataLoader, _Watched(loader, report, done, total))
        found = extract_features(model, watched, progress=False)
        features[split], ids[split] = found.features, found.video_ids
        done += len(loader.dataset)
    report(total, total, 'fitting the probes')
    return fit_probes(features, ids, data_dir)


class _Watched:
    """A data loader that tells how far it is."""

    def __init__(
        self, loader: DataLoader, report: Report, done: int, total: int
    ) -> None:
        self.loader, self.report = loader, report
        self.done, self.total = done, total

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches; a report after each."""
        done = self.done
        for batch in self.loader:
            yield batch
            done += len(batch['data_samples'])
            self.report(done, self.total, 'reading features')
