"""Dicts inside of configs."""

from vsslcodebase.utils.nested import dicts_in


def test_every_dict_with_its_key():
    inner, item = dict(x=1), dict(y=(dict(z=2),))
    config = dict(a=inner, b=[0, item], c='text')
    assert list(dicts_in(config)) == [
        ('', config),
        ('a', inner),
        ('b.1', item),
        ('b.1.y.0', dict(z=2)),
    ]
    assert next(dicts_in(config, 'model')) == ('model', config)
    assert [key for key, _ in dicts_in(config, 'm')][1] == 'm.a'
    assert list(dicts_in(3)) == []
