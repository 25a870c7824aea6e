"""mergegate: the merge gate for Python projects. Importing this package is cheap; pylint calls `register`."""

from __future__ import annotations

# type checkers know the name; `typing` itself would make up most of what importing this package costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pylint.lint import PyLinter

__version__ = "0.1.0"


def register(linter: PyLinter) -> None:
    """Register mergegate's checkers with pylint (`load-plugins = ["mergegate"]`).

    The checkers are imported here: pylint later puts the linted file's folders on `sys.path`, where a late import could
    pick up the user's modules.
    """
    from mergegate.plugins.pylint_plugin import register as register_checkers  # noqa: PLC0415

    register_checkers(linter)
