"""C3D, R3D, R(2+1)D, S3D-G of laura-wang/video-pace: ``from_pace.py IN OUT``.

    python tools/model_converters/from_pace.py \
        epoch-18.pth.tar checkpoints --variant s3d --name pace_official_s3dg

IN is a checkpoint of the official code of Pace Prediction. Writes the network
of configs/_base_/backbones/{c3d,r3d10,r2plus1d10,s3dg}.py, without classifier,
with what it expects to be shown: BGR from 0 to 255. See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import command, pace

if __name__ == '__main__':
    command.main(__doc__, pace.convert, pace.add_options)
