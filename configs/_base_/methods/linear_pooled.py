"""Linear evaluation in Feichtenhofer et al. (2021): pooled features as is.

``linear.py`` without z-scores; pixels are standardised by 0.45 and 0.225 of
255, every channel alike.
"""
_base_ = './linear.py'

model = dict(
    data_preprocessor=dict(mean=[114.75] * 3, std=[57.375] * 3),
    cls_head=dict(feature_norm='none'))
