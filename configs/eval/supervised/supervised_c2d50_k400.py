"""Supervised training of a C2D-50 on Kinetics-400.

Paper: CORP, Table 5, without a recipe: learning rate, weight decay, dropout,
    length and ImageNet weights are those of Wang et al. (2018), which it
    follows (400,000 steps of 64 clips are about 100 epochs of Kinetics-400).
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 32x224x224 a step.
    Memory not measured here.
Weights: docs/data_preparation.md, "ImageNet weights".
Number: 71.8 % (quoted from Wang et al.). Ours: not run.
Run: tools/dist_train.sh configs/eval/supervised/supervised_c2d50_k400.py 8
"""
_base_ = [
    '../../_base_/backbones/c2d50.py',
    '../../_base_/datasets/k400_labelled.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        init_cfg=None,
        pretrained='data/imagenet/resnet50-0676ba61.pth',
        **_base_.backbone),
    cls_head=dict(num_classes=400))

train_dataloader = dict(batch_size=8)
val_dataloader = dict(batch_size=8)

optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos
