"""A checkpoint says which code, config and data it is of."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Store commit, digests of config and data, and versions in checkpoints.

    As ``meta['provenance']``, see ``vsslcodebase.zoo.provenance``; a figure
    measured from the checkpoint can then be traced. Files that changed after
    the run began do not matter: all is looked up before the first step.
    """

    def __init__(self) -> None:
        """Nothing is known before the run."""
        self._found: dict[str, Any] | None = None

    def before_train(self, runner: Any) -> None:
        """Look everything up, and say it in the log."""
        from vsslcodebase.zoo.provenance import provenance

        if runner.rank != 0:
            return  # the first process writes the checkpoints
        self._found = provenance(runner.cfg)
        commit, clean = self._found['commit'], self._found['clean']
        code = commit[:12] if commit else 'of no checkout'
        runner.logger.info(
            f'provenance: code {code}{" with changes" * (clean is False)}, '
            f'config {self._found["config_digest"][:12]}, '
            + ', '.join(
                f'{split} {data["videos"]} videos {data["sha256"][:12]}'
                for split, data in self._found['data'].items()
            )
        )

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add what was found."""
        if self._found is not None:
            checkpoint['meta']['provenance'] = self._found
