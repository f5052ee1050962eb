"""Toyota Smarthome, second cross-view protocol (CV2): 19 classes.

7,806 videos of five cameras to train, 3,539 to validate, 1,901 to test.
"""
_base_ = './smarthome.py'

train_dataloader = dict(
    dataset=dict(ann_file='data/smarthome/annotations/cv2_train.txt'))
val_dataloader = dict(
    dataset=dict(ann_file='data/smarthome/annotations/cv2_val.txt'))
test_dataloader = dict(
    dataset=dict(ann_file='data/smarthome/annotations/cv2_test.txt'))
