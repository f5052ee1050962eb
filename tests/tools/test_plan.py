"""plan.py: what it prints and writes."""

import pytest

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.overrides import OverrideError
from vsslcodebase.engine.preflight import UsageError

MOCO = 'configs/mini/moco_rho4_smallr3d_motion-mini.py'
UCF = 'configs/ltn/ltn_moco-rho4_slow50_ucf101.py'


def test_the_config_it_writes_is_the_plan(call, tmp_path, capsys):
    out = tmp_path / 'deep' / 'mine.py'
    call(
        'plan', UCF, '--gpus', 1, '--memory', 80, '--out', out,
        '--cfg-options', 'train_dataloader.dataset.pipeline.1.num_clips=2',
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert '2 clips of 8x224x224 a video' in printed
    cfg, base = load_config(str(out)), load_config(UCF)
    loader = cfg.train_dataloader
    assert loader.dataset.pipeline[1].num_clips == 2
    assert loader.dataset.ann_file == base.train_dataloader.dataset.ann_file
    accumulation = cfg.optim_wrapper.get('accumulative_counts', 1)
    assert loader.batch_size * accumulation == 64
    assert cfg.optim_wrapper.optimizer.lr == 0.1
    assert cfg.model.queue_size == 4096  # of 2 x 9,537 keys
    assert cfg.model.bn_groups == 8
    assert f'dist_train.sh {out} 1' in printed
    assert 'a queue of 4096 keys, not 65536' in ' '.join(
        out.read_text().split()
    )
    assert out.read_text().startswith(
        '"""ltn_moco-rho4_slow50_ucf101 for 1 GPU of'
    )


def test_a_split_that_is_not_here_is_known_by_name(call, capsys):
    call('plan', UCF, '--gpus', 8, '--memory', 80)
    printed = capsys.readouterr().out
    assert '200 epochs of 9,537 videos, 29,800 batches' in printed


def test_a_recipe_on_its_own_gpus(call, capsys):
    call('plan', 'configs/corp/corp_m_r3d50_ssv2.py', '--gpus', 8,
         '--memory', 40, '--num-videos', 168913)  # fmt: skip
    printed = capsys.readouterr().out
    assert 'The step is that of the recipe.' in printed
    assert '527,800 batches' in printed


@pytest.mark.parametrize(
    ('words', 'error', 'message'),
    [
        (['--memory', 0.5], UsageError, r'not even one video fits.*--amp'),
        (['--memory', -1], UsageError, 'in GiB, got -1'),
        (['--memory', 'nan'], UsageError, 'in GiB, got nan'),
        (['--memory', 'inf'], UsageError, 'in GiB, got inf'),
        (
            ['--memory', 80, '--clips-per-second', 0],
            UsageError,
            'clips-per-second is a number above 0, got 0',
        ),
        (
            ['--memory', 80, '--num-videos', 5],
            UsageError,
            r'5 training videos make no batch of 32 \(2 GPUs with 16 each',
        ),
        (
            ['--memory', 8, '--cfg-options', 'train_dataloader.batch_size=0'],
            UsageError,
            'batch_size must be 1 or more, got 0',
        ),
        (['--memory', 8, '--out', MOCO], UsageError, 'is there already'),
        (['--memory', 8, '--out', 'plan.txt'], UsageError, 'ends with .py'),
        (
            ['--memory', 8, '--cfg-options', 'model.quue_size=3'],
            OverrideError,
            'queue_size',
        ),
    ],
)
def test_misuse(call, words, error, message):
    with pytest.raises(error, match=message):
        call('plan', UCF, '--gpus', 2, *words)


def test_a_config_that_is_no_training(call):
    name = 'configs/eval/retrieval/retrieval_c3d_ucf101.py'
    with pytest.raises(UsageError, match='has no train_dataloader'):
        call('plan', name, '--gpus', 1, '--memory', 8)


def test_stages_are_told(call, capsys):
    name = 'configs/mini/hcml_smallr2d_motion-mini.py'
    call('plan', name, '--gpus', 1, '--memory', 8, '--num-videos', 8192)
    printed = capsys.readouterr().out
    assert 'Hours are of one stage' in printed
    assert 'there are 3, which tools/train_stages.py' in printed
