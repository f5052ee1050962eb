"""CORP_m with multi-head ("mixed") attention: CORP, Table 6c and Fig. 3.

Number: 48.0 %, 48.8 % with decoupling attention. Ours: not run.
Run: tools/dist_train.sh configs/corp/corp_m_mixed-attention_r3d50_ssv2.py 8
"""
_base_ = './corp_m_r3d50_ssv2.py'

model = dict(
    head=dict(
        relation=dict(_delete_=True, type='MixedAttention', num_heads=128)))
