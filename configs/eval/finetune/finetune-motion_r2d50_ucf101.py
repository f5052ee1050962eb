"""Fine-tuning of an R2D-50 with motion blocks on UCF101.

Paper: HCML, Table 7.
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 16x224x224 a step. Memory not
    measured here.
Number: 82.2 % (30 views; from Kinetics-400 without labels). Ours: not run.
Run: tools/dist_train.sh
    configs/eval/finetune/finetune-motion_r2d50_ucf101.py 2
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = '../supervised/supervised-motion_r2d50_ucf101.py'

model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')))
