"""A checkpoint says which code, config and data it is of."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Store commit, digests of config and data, and versions in checkpoints.

    As ``meta['provenance']``, see ``checkpoints/provenance.py``; a figure
    measured from the checkpoint can then be traced. Files that changed after
    the run began do not matter: all is looked up before the first step. A run
    that was resumed is also of what it was before.
    """

    def __init__(self) -> None:
        """Nothing is known before the run."""
        self._found: dict[str, Any] | None = None
        self._resumed: dict[str, Any] | None = None

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Remember what a resumed run was trained with so far."""
        if runner._resume:
            meta = checkpoint.get('meta') or {}
            self._resumed = meta.get('provenance') or {}

    def before_train(self, runner: Any) -> None:
        """Look everything up, and say it in the log."""
        from vsslcodebase.checkpoints.provenance import joined, provenance

        if runner.rank != 0:
            return  # the first process writes the checkpoints
        self._found = provenance(runner.cfg)
        if self._resumed is not None:
            self._found = joined(self._resumed, self._found)
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
