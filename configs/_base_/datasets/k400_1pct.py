"""Kinetics-400 with labels for 1 % of each class (CORP section 4.1).

The lists of 1 % and 10 % are made by ``tools/data/semi_supervised.py``.
"""
_base_ = './k400_labelled.py'

train_dataloader = dict(dataset=dict(ann_file='data/k400/train_1pct.txt'))
