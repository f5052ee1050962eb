"""Fine-tuning of an R(2+1)D-101 with motion blocks on UCF101.

Paper: HCML, Table 7; Table 4 by options, see configs/hcml/README.md.
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 32x224x224 a step. Memory not
    measured here.
Number: 85.1 % (30 views; from Kinetics-400 without labels), 97.8 % (with
    labels, mean of three splits). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/finetune/finetune-motion_r2plus1d101_ucf101.py 2
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = '../supervised/supervised-motion_r2plus1d101_ucf101.py'

model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')))
