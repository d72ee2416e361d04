"""What is remembered: names of calls, and values that nobody can change."""

import dataclasses
import string
from typing import Any

import pytest

from chatls import message
from chatls.message import AssistantMessage, Replay, new_call_id


def test_a_calls_name_is_one_that_every_provider_takes() -> None:
    names = {new_call_id() for _ in range(2000)}
    assert len(names) == 2000
    assert {len(name) for name in names} == {9}
    assert set("".join(names)) <= set(string.ascii_lowercase + string.digits)


@pytest.mark.parametrize("kind", [kind for kind in vars(message).values() if dataclasses.is_dataclass(kind)], ids=str)
def test_messages_are_frozen_and_slotted(kind: type[Any]) -> None:
    (first, *_) = dataclasses.fields(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(object.__new__(kind), first.name, 1)
    assert "__slots__" in vars(kind)


def test_two_replays_share_no_table() -> None:
    one, two = Replay("a"), Replay("a")
    one.call_ids["x"] = "y"
    assert two.call_ids == {}
    assert AssistantMessage("x").replay is None
