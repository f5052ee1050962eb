"""The config that a checkpoint carries, read without running it.

mmengine stores the text of a run's config in each checkpoint and reads it
back as a program. A file from elsewhere could do anything that way; what
mmengine writes needs nothing but names, numbers, texts and containers.
"""

from __future__ import annotations

import ast
from typing import Any

_SIGNS = {ast.USub: -1, ast.UAdd: 1}


def read_config_text(text: str, source: str) -> dict[str, Any]:
    """Return the values of a config's text, as ``Config.pretty_text`` has it.

    Args:
        text: Assignments of literals; ``dict(key=value)`` is one, too.
        source: What to call the file in an error.

    Raises:
        ValueError: There is anything else in it.
    """
    try:
        lines = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ValueError(
            f'{source} carries a config that is no Python text: {error}'
        ) from None
    values = {}
    for line in lines:
        try:
            name, value = _assignment(line)
        except (TypeError, ValueError):  # also of a list as a dict's key
            raise ValueError(
                f'{source} carries a config with more than values in line '
                f'{line.lineno}: {ast.unparse(line)[:80]!r}; it is not run, '
                'since it could do anything. Name the config file instead'
            ) from None
        values[name] = value
    return values


def _assignment(line: ast.stmt) -> tuple[str, Any]:
    """Return name and value of ``name = value``."""
    if not isinstance(line, ast.Assign) or len(line.targets) != 1:
        raise ValueError
    target = line.targets[0]
    if not isinstance(target, ast.Name):
        raise ValueError
    return target.id, _value(line.value)


def _value(node: ast.expr) -> Any:
    """Evaluate a literal, or a dict written as a call."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values)
        return {_key(key): _value(value) for key, value in pairs}
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        number = _value(node.operand)
        if type(number) in (int, float, complex):
            return _SIGNS[type(node.op)] * number
    if isinstance(node, ast.Name) and node.id in ('inf', 'nan'):
        return float(node.id)  # as repr writes them
    return _dict(node)


def _key(node: ast.expr | None) -> Any:
    """Evaluate a dict's key; a dict that is spread into it has none."""
    if node is None:
        raise ValueError
    return _value(node)


def _dict(node: ast.expr) -> dict[str, Any]:
    """Evaluate ``dict(key=value)``, or ``dict({'a key': value})``."""
    if (
        not isinstance(node, ast.Call)
        or not isinstance(node.func, ast.Name)
        or node.func.id != 'dict'
        or len(node.args) > 1
    ):
        raise ValueError
    values = {}
    for argument in node.args:
        if not isinstance(argument, ast.Dict):
            raise ValueError
        values.update(_value(argument))
    for word in node.keywords:
        if word.arg is None:  # ** spreads another one
            raise ValueError
        values[word.arg] = _value(word.value)
    return values
