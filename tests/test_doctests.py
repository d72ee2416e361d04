"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import chatls
import chatls_client
from tests.support.cases import for_each


def modules() -> Iterator[str]:
    """All modules of ours, but for `__main__`, which acts when it is imported."""
    for package in (chatls, chatls_client):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                yield module.name


@for_each("name", sorted(modules()))
def test_the_examples_of_a_module_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_there_are_examples() -> None:
    examples = [
        example
        for name in modules()
        for found in doctest.DocTestFinder().find(importlib.import_module(name))
        for example in found.examples
    ]
    assert len(examples) > 15
