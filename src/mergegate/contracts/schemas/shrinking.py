"""The least value that still shows something."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mergegate.contracts.schemas.json_data import Json, as_list, as_object, is_list, is_object, token

_MOST = 400


def shrunk(value: Json, shows: Callable[[Json], bool]) -> Json:
    """Return a value that is as small as can be found and still shows what it is for.

    Parameters
    ----------
    value
        A value that shows it.
    shows
        Tells whether a value does; it is asked a bounded number of times.
    """
    asked = 0
    going = True
    while going and asked < _MOST:
        going = False
        for smaller in _smaller(value):
            asked += 1
            if asked >= _MOST:
                break
            if shows(smaller):
                value, going = smaller, True
                break
    return value


def _smaller(value: Json) -> Iterator[Json]:
    """Yield values that are a little smaller, the smallest first."""
    if is_object(value):
        table = as_object(value)
        for name in table:
            yield {key: item for key, item in table.items() if key != name}
        for name, item in table.items():
            yield from ({**table, name: inner} for inner in _smaller(item))
    elif is_list(value):
        items = as_list(value)
        if len(items) > 2:
            yield items[: len(items) // 2]
        for index in range(len(items)):
            yield items[:index] + items[index + 1 :]
        for index, item in enumerate(items):
            yield from ([*items[:index], inner, *items[index + 1 :]] for inner in _smaller(item))
    elif isinstance(value, str):
        if len(value) > 1:
            yield value[: len(value) // 2]
            yield value[:-1]
        if value and value != "a" * len(value):
            yield "a" * len(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        for simpler in (0, 1, int(value) if abs(value) < 1e15 else 0):
            if abs(simpler) < abs(value) and token(simpler) != token(value):
                yield simpler
