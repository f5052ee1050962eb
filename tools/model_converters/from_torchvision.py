"""R3D-18, MC3-18, R(2+1)D-18 of torchvision: ``from_torchvision.py IN OUT``.

    python tools/model_converters/from_torchvision.py \
        r2plus1d_18-91a641e6.pth checkpoints --variant r2plus1d_18

IN is a file of weights of torchvision.models.video. Writes the network, for
two of them that of configs/_base_/backbones/r3d18.py and r2plus1d18.py, with
what it expects to be shown. See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import command, torchvision

if __name__ == '__main__':
    command.main(__doc__, torchvision.convert, torchvision.add_options)
