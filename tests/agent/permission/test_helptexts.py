"""All options of the judged programs have a class, and the tables allow none but harmless ones. `make tables` asks the
installed programs anew."""

import pytest

from tests.agent.permission.helptexts import HERE, allowed, classes, options, read, shapes, stale, unclassed

PROGRAMS = sorted({"find", *shapes()})
TEXTS = sorted(path.stem for path in HERE.glob("*.txt") if path.stem != "classes")


def test_each_text_is_that_of_a_row_and_says_of_which_version() -> None:
    assert set(TEXTS) <= set(PROGRAMS)
    for name in TEXTS:
        found = read(name)
        assert found is not None
        assert any(letter.isdigit() for letter in found[0]), found[0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_option_has_a_class(name: str) -> None:
    assert unclassed(name) == []


def test_no_class_is_of_an_option_that_is_not_there() -> None:
    assert stale() == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_tables_allow_what_is_harmless_and_places_that_are_judged(name: str) -> None:
    every, places = allowed(name)
    kinds = classes()[name]
    wrong = {option: kinds[option] for option in every if kinds[option] != "harmless"}
    assert {option for option, kind in wrong.items() if kind != "reads" or option not in places} == set()


def test_a_text_is_read_as_people_read_it() -> None:
    text = """usage: x [--not-this]
  -a, --all                show all; see --nor-this
      --[no-]color[=WHEN]  colours
  -C DIR, --directory=DIR  a folder
  -am,--also-make          of Java
  -mmin N -newer FILE      of find
"""
    wanted = "-a --all --color --no-color -C --directory -am --also-make -mmin -newer"
    assert options(text) == set(wanted.split())
