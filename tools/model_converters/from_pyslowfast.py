"""Slow-only R50 of facebookresearch/SlowFast: ``from_pyslowfast.py IN OUT``.

    python tools/model_converters/from_pyslowfast.py \
        MoCo_SlowR50_8x8_T2_epoch_00200.pyth checkpoints --network online

IN is a contrastive ('backbone.s1...') or a supervised ('s1...') checkpoint.
Writes the network of configs/_base_/backbones/slow50.py, without head, with
what it expects to be shown. See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import command, pyslowfast

if __name__ == '__main__':
    command.main(__doc__, pyslowfast.convert, pyslowfast.add_options)
