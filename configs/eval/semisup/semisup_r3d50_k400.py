"""Semi-supervised: every layer of an R3D-50 on 1 % of Kinetics-400.

Paper: CORP, Table 3; 10 % is the same with another list:
    train_dataloader.dataset.ann_file=data/k400/train_10pct.txt
Batch: 64 GPUs x 16 videos x 1 clip = 1024 clips of 32x224x224 a step; 16 such
    clips are 32 of pre-training's. Memory not measured here.
Number: 1 %: CORP_f 34.8 %, CVRL 35.1 %; 10 %: CORP_f 58.6 %, CVRL 58.1 %.
    Ours: not run.
Run: GPUS=64 tools/slurm_train.sh PARTITION semisup
    configs/eval/semisup/semisup_r3d50_k400.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d50.py',
    '../../_base_/datasets/k400_1pct.py',
    '../../_base_/methods/linear.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

# "similar to the linear evaluation", with nothing frozen
model = dict(
    backbone=dict(frozen=False, **_base_.backbone),
    cls_head=dict(num_classes=400))

train_dataloader = dict(batch_size=16)
val_dataloader = dict(batch_size=16)

optim_wrapper = dict(optimizer=dict(lr=0.2))
auto_scale_lr = dict(base_batch_size=1024)  # 64 GPUs x 16 videos
