"""Supervised training of an R(2+1)D-101 on UCF101.

Paper: HCML, Table 2, "Baseline"; Table 7, "random init.", which has the rate
    and the length; the warm-up is that of Appendix B.2 without labels.
Batch: 2 GPUs x 8 videos x 1 clip = 16 clips of 32x224x224 a step. Memory not
    measured here.
Number: 68.0 % top-1, 88.2 % top-5 (1 view), 70.9 % top-1 (30 views).
    Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised_r2plus1d101_ucf101.py 2
"""
_base_ = [
    '../../_base_/backbones/r2plus1d101.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/pipelines/labelled_32x2_340.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_warmup_80e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _base_.backbone, init_cfg=None, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=101))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=16)  # 2 GPUs x 8 videos
