"""``finetune.py`` with the pixels of linear_pooled.py."""
_base_ = './finetune.py'

model = dict(data_preprocessor=dict(mean=[114.75] * 3, std=[57.375] * 3))
