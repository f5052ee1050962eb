"""Every layer is trained, pixels are RGB / 255, no dropout; ten views.

Pace Prediction, Section 4.1. Which network is chosen on the command line:
``--cfg-options model.backbone.init_cfg.checkpoint=FILE``.
"""
_base_ = './finetune.py'

model = dict(
    data_preprocessor=dict(mean=[0, 0, 0], std=[255, 255, 255]),
    cls_head=dict(in_channels=512, dropout_ratio=0.0))
