"""One test for a whole table: `for_each` in place of `parametrize` where a case costs less than a test item does."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Callable[[Any], str] | Iterable[str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for each case, also behind one that fails, and then tell all that failed, by their names.

    `names`, `cases` and `ids` are those of `pytest.mark.parametrize`, and two of these multiply as there. Fixtures are
    made once for all cases, so a test that changes what it is given keeps to `parametrize`.
    """
    taken = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else names
    rows = [tuple(case) if len(taken) > 1 else (case,) for case in cases]
    labels = _labels(rows, ids)

    def looped(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def run(**others: Any) -> None:
            assert rows, "no case: this test cannot fail"
            failed: list[Exception] = []
            for label, row in zip(labels, rows, strict=True):
                try:
                    test(**others, **dict(zip(taken, row, strict=True)))
                except BaseException as error:
                    error.add_note(f"in the case {label}")
                    if not isinstance(error, AssertionError | ExceptionGroup):
                        raise
                    failed.append(cast(Exception, error))
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(rows)} cases failed", failed)

        signature = inspect.signature(test)
        left = [item for name, item in signature.parameters.items() if name not in taken]
        vars(run)["__signature__"] = signature.replace(parameters=left)
        return run

    return looped


def _labels(rows: list[tuple[Any, ...]], ids: Callable[[Any], str] | Iterable[str] | None) -> list[str]:
    if ids is None:
        return [repr(row[0] if len(row) == 1 else row)[:300] for row in rows]
    return [ids(row[0]) for row in rows] if callable(ids) else list(ids)
