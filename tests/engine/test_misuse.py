"""Which errors are a sentence, and which keep their traceback."""

import pytest
import torch
from mmengine.registry import DefaultScope
from torch.utils import data as torch_data
from torch.utils.data import DataLoader, Dataset

from vsslcodebase.datasets import VideoListDataset
from vsslcodebase.datasets.transforms import OpenVideo
from vsslcodebase.engine.misuse import one_sentence, sentence_of
from vsslcodebase.models.losses import nt_xent_loss
from vsslcodebase.registry import MODELS, OPTIMIZERS, TRANSFORMS


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """After an error torch waits 5 seconds for each worker to end."""
    monkeypatch.setattr(torch_data._utils, 'MP_STATUS_CHECK_INTERVAL', 0.1)


def build(registry, **cfg):
    with DefaultScope.overwrite_default_scope('vsslcodebase'):
        return registry.build(cfg)


def corp_head(**options):
    relation = dict(type='DecouplingAttention') | options.pop('relation', {})
    return build(MODELS, type='CORPMHead', relation=relation, **options)


def caught(function, *args, **kwargs):
    with pytest.raises(Exception) as error:  # noqa: PT011, any may come
        function(*args, **kwargs)
    return error.value


@pytest.mark.parametrize(
    ('function', 'options', 'sentence'),
    [
        (
            corp_head,
            dict(relation=dict(type='DecouplingAtention')),
            "no model of type 'DecouplingAtention'; did you mean "
            'DecouplingAttention',
        ),
        (
            corp_head,
            dict(normalise=True),
            "unexpected keyword argument 'normalise'; did you mean normalize?",
        ),
        (
            corp_head,
            dict(relation=dict(num_symetric=8)),
            'did you mean num_symmetric?',
        ),
        (corp_head, dict(task='oder'), "got 'oder'"),
    ],
    ids=['type', 'argument', 'nested argument', 'value'],
)
def test_a_wrong_word_in_a_config_is_a_sentence(function, options, sentence):
    told = sentence_of(caught(function, **options))
    assert sentence in told
    assert 'Traceback' not in told


def test_where_a_message_was_written_is_told():
    told = sentence_of(
        caught(build, TRANSFORMS, type='SampleSeparatedClips', clip_len=0)
    )
    sentence, place = told.splitlines()
    assert sentence == 'clip_len must be an int >= 1, got 0'
    path = 'vsslcodebase/datasets/transforms/clip_sampling.py'
    assert place.startswith(f'  ({path}:')


def test_a_check_in_a_loss_is_a_sentence():
    error = caught(nt_xent_loss, torch.ones(2, 3), temperature=0.1)
    assert 'at least 2 videos' in sentence_of(error)


def test_values_that_other_packages_refuse_are_sentences():
    weights = [torch.nn.Parameter(torch.zeros(1))]
    error = caught(build, OPTIMIZERS, type='SGD', params=weights, lr=-1.0)
    assert 'Invalid learning rate: -1.0' in sentence_of(error)


class Bad(Dataset):
    """Fails in a worker, in a message of this package or by a slip."""

    def __init__(self, fail):
        self.fail = fail

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.fail()


def refuse():
    from vsslcodebase.datasets.transforms import SampleUniformClips

    return SampleUniformClips(clip_len=-3)


def slip():
    return {}['absent']


def test_a_message_from_a_worker_process_is_a_sentence():
    loader = DataLoader(Bad(refuse), num_workers=1)
    told = sentence_of(caught(next, iter(loader)))
    assert told.startswith('clip_len must be an int >= 1, got -3\n')
    assert 'clip_sampling.py' in told


@pytest.mark.parametrize('workers', [0, 1])
def test_a_slip_in_the_code_keeps_its_traceback(workers):
    loader = DataLoader(Bad(slip), num_workers=workers)
    assert sentence_of(caught(next, iter(loader))) is None


def test_other_errors_of_torch_keep_their_traceback():
    error = caught(torch.zeros(2).reshape, 3)
    assert sentence_of(error) is None


def test_a_file_in_the_place_of_a_folder_is_a_sentence(tmp_path):
    file = tmp_path / 'notes.txt'
    file.touch()
    assert sentence_of(caught(file.mkdir)) == f'{file}: File exists'
    inside = file / 'cache'
    assert sentence_of(caught(inside.mkdir)) == f'{inside}: Not a directory'
    error = caught(tmp_path.read_text)
    assert sentence_of(error) == f'{tmp_path}: Is a directory'


def test_the_traceback_can_be_had(monkeypatch, capsys):
    def fail():
        with one_sentence():
            refuse()

    with pytest.raises(SystemExit) as stop:
        fail()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith('error: clip_len must be')
    monkeypatch.setenv('TRACEBACK', '1')
    with pytest.raises(ValueError, match='clip_len'):
        fail()


@pytest.mark.parametrize('num_workers', [0, 1])
def test_an_unreadable_video_to_be_evaluated_is_a_sentence(
    tmp_path, num_workers
):
    listing = tmp_path / 'val.txt'
    listing.write_text('gone.mp4 0\n')
    dataset = VideoListDataset(
        str(listing), [OpenVideo()], test_mode=True, serialize_data=False
    )
    sentence = sentence_of(
        caught(list, DataLoader(dataset, num_workers=num_workers))
    )
    assert sentence.startswith('gone.mp4: the file does not exist (a video to')
    assert f'take it out of {listing}' in sentence
