"""`for_each` of `tests/support/cases.py`: one item for a table, in which no case hides another."""

from traceback import format_exception

import pytest

from tests.support.cases import for_each

SEEN: list[tuple[int, str]] = []


def test_every_case_runs_and_each_that_failed_is_told() -> None:
    ran: list[tuple[int, str]] = []

    @for_each("word", ["a", "b"], ids=str.upper)
    @for_each("number", [1, 2])
    def wanting(number: int, word: str) -> None:
        ran.append((number, word))
        assert word == "a" or number == 1

    with pytest.raises(Exception, match="1 of 2 cases failed") as found:
        wanting()
    assert ran == [(1, "a"), (2, "a"), (1, "b"), (2, "b")]
    told = "".join(format_exception(found.value))
    assert ("in the case B" in told, "in the case 2" in told) == (True, True)
    assert ("in the case A" in told, "in the case 1" in told) == (False, False)


def test_an_error_that_is_no_failed_assertion_is_told_with_its_case() -> None:
    @for_each("number, word", [(1, "a")])
    def broken(number: int, word: str) -> None:
        raise KeyError(number, word)

    with pytest.raises(KeyError) as found:
        broken()
    assert found.value.__notes__ == ["in the case (1, 'a')"]


def test_a_table_without_cases_fails() -> None:
    @for_each("number", [])
    def empty(number: int) -> None:
        """Never runs."""

    with pytest.raises(AssertionError, match="no case"):
        empty()


@for_each("number", [1, 2])
def test_fixtures_are_made_once(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    assert tmp_path_factory
    SEEN.append((number, "once"))
    assert len(SEEN) == number
