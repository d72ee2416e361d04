"""The examples in the docstrings of providers hold."""

import doctest
import importlib

import pytest

MODULES = ("arguments", "chat_request", "client", "complaint", "keys", "toolcalls", "waiting")


@pytest.mark.parametrize("module", MODULES)
def test_examples_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"chatls.providers.{module}"))
    assert result.failed == 0
