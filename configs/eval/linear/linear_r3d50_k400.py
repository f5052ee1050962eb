"""Linear evaluation of an R3D-50 on Kinetics-400.

Paper: CORP, Tables 1, 2, 5.
Batch: 16 GPUs x 64 videos x 1 clip = 1024 clips of 32x224x224 a step.
    Memory not measured here.
Number: CORP_f 66.3 %, CORP_m 59.1 %. Ours: not run.
Run: GPUS=16 tools/slurm_train.sh PARTITION linear
    configs/eval/linear/linear_r3d50_k400.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d50.py',
    '../../_base_/datasets/k400_labelled.py',
    '../../_base_/methods/linear.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=400))

train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=64)

optim_wrapper = dict(optimizer=dict(lr=0.16))
auto_scale_lr = dict(base_batch_size=1024)  # 16 GPUs x 64 videos
