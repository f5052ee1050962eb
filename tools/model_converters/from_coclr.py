"""S3D of CoCLR, InfoNCE and UberNCE: ``from_coclr.py IN OUT``.

    python tools/model_converters/from_coclr.py \
        CoCLR-ucf101-rgb-128-s3d-ep182.tar checkpoints

IN is a checkpoint of pre-training ('encoder_q.0...') or with a classifier
('backbone...') of a network of RGB frames. Writes S3DG without gates, with
what it expects to be shown. See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import coclr, command

if __name__ == '__main__':
    command.main(__doc__, coclr.convert)
