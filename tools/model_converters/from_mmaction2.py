"""3D networks of MMAction2: ``from_mmaction2.py IN OUT [--config FILE]``.

    python tools/model_converters/from_mmaction2.py \
        slowonly_r50_8xb16-8x8x1-256e_kinetics400-rgb.pth checkpoints \
        --variant slowonly_r50_8x8

IN is a checkpoint of a Recognizer3D. Its backbone and its colours are those
of --config, of --variant, or of the config that the file carries, which is
read and not run. See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import command, mmaction2

if __name__ == '__main__':
    command.main(__doc__, mmaction2.convert, mmaction2.add_options)
