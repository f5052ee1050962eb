"""Linear evaluation of an R3D-50 on UCF101.

Paper: CORP, Table 4, left. Recipe not stated there: that of Kinetics-400.
Batch: 16 GPUs x 64 videos x 1 clip = 1024 clips of 32x224x224 a step.
    Memory not measured here.
Number: CORP_f 90.2 %, CVRL 89.8 %. Ours: not run.
Run: GPUS=16 tools/slurm_train.sh PARTITION linear
    configs/eval/linear/linear_r3d50_ucf101.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d50.py',
    '../../_base_/datasets/ucf101_labelled.py',
    '../../_base_/methods/linear.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=101))

train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=64)

optim_wrapper = dict(optimizer=dict(lr=0.16))
auto_scale_lr = dict(base_batch_size=1024)  # 16 GPUs x 64 videos
