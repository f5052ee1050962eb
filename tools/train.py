"""Train a model: ``python tools/train.py CONFIG``; ``--help`` tells more."""

from vsslcodebase.engine.launch import main_train

if __name__ == '__main__':
    main_train()
