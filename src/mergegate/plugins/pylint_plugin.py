"""The pylint front: the findings of the module under lint, in pylint's positions, options and confidence levels.

One checker a family of rules, since all messages of a checker share the first digits of their ids. They are raw
checkers: these run after pylint has read its comments and before it walks the tree, and report by line. Everything is
reported while its own file is current; what a checker reports from `close` goes to the wrong file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pylint.checkers import BaseRawFileChecker
from pylint.interfaces import HIGH, INFERENCE, INFERENCE_FAILURE

from mergegate.config import Config, load_config
from mergegate.engine import rules_of
from mergegate.errors import MergegateError
from mergegate.finding import Confidence, Finding
from mergegate.plugins.import_path import ImportPath
from mergegate.plugins.loading import PluginError, load_plugins
from mergegate.plugins.warm import Programs
from mergegate.rules.rule import Rule

if TYPE_CHECKING:
    from astroid import nodes  # pyright: ignore[reportMissingTypeStubs]
    from pylint.interfaces import Confidence as PylintConfidence
    from pylint.lint import PyLinter

_OPTION = "mergegate-config"
# survives from file to file, and from run to run where an editor keeps pylint loaded
_PROGRAMS = Programs()
_IMPORT_PATH = ImportPath()


class FamilyChecker(BaseRawFileChecker):
    """Reports the findings of one family of rules.

    Parameters
    ----------
    linter
        The linter that it is registered with.
    name
        The name by which users enable it.
    rules
        The rules that it reports, with message ids that begin with the same digits.
    with_option
        Whether it carries the option that all these checkers read.
    """

    def __init__(self, linter: PyLinter, name: str, rules: list[Rule], *, with_option: bool) -> None:
        self.name = name
        self.msgs = {rule.pylint: ("%s", rule.id, _description(rule)) for rule in rules}
        self.symbols = frozenset(rule.id for rule in rules)
        if with_option:
            help_ = (
                "Configuration file of mergegate; default: the nearest mergegate.toml or pyproject.toml that has one."
            )
            self.options = ((_OPTION, {"type": "string", "default": "", "metavar": "<file>", "help": help_}),)
        super().__init__(linter)

    def open(self) -> None:
        """Begin a run: what has changed since the last one must be noticed."""
        _PROGRAMS.begin(self.linter)

    def process_module(self, node: nodes.Module) -> None:
        """Report what is wrong in one module."""
        if not any(self.linter.is_message_enabled(symbol) for symbol in self.symbols):
            return
        stream = node.stream()
        if stream is None or not node.file:
            return
        with stream:
            data = stream.read()
        explicit = getattr(self.linter.config, _OPTION.replace("-", "_"))
        try:
            with _IMPORT_PATH.restored():
                findings = _PROGRAMS.findings(Path(node.file), data, Path(explicit) if explicit else None)
        except MergegateError as error:
            self.linter.add_message("config-parse-error", line=1, args=f"mergegate: {error}")
            return
        for finding in findings:
            if finding.rule in self.symbols:
                self._report(finding)

    def _report(self, finding: Finding) -> None:
        help_ = f" ({finding.help})" if finding.help else ""
        self.add_message(
            finding.rule,
            line=finding.line,
            args=(" ".join(f"{finding.message}{help_}".split()),),
            confidence=_confidence(finding),
            col_offset=finding.column,
            end_lineno=finding.end_line,
            end_col_offset=finding.end_column,
        )


def register(linter: PyLinter) -> None:
    """Register one checker for each family of rules.

    Where an analysis imports from is noted now: pylint later puts the folders of the linted files on `sys.path`, where
    an import could pick up the user's modules.

    Parameters
    ----------
    linter
        The linter to register with.
    """
    _IMPORT_PATH.note()
    for number, (name, rules) in enumerate(_checkers(_all_rules())):
        linter.register_checker(FamilyChecker(linter, name, rules, with_option=number == 0))


def _all_rules() -> Iterable[Rule]:
    """Return the rules of ours, of plugins and of the project in the current folder; what fails is reported later."""
    try:
        plugins = load_plugins()
        plugins.install_checks()
        _PROGRAMS.plugin_folders = tuple(map(str, plugins.rule_folders))
        config = load_config(Path.cwd())
        folders = (*config.rule_folders, *_PROGRAMS.plugin_folders)
        return rules_of(replace(config, rule_folders=folders)).values()
    except PluginError as error:
        _PROGRAMS.broken = error
    except MergegateError:
        # the linted files may belong to another project; if not, opening theirs fails in the same way
        pass
    return rules_of(Config(root=Path.cwd())).values()


def _checkers(rules: Iterable[Rule]) -> Iterator[tuple[str, list[Rule]]]:
    """Group rules into checkers; a family whose ids begin differently makes several, as pylint demands."""

    def key(rule: Rule) -> tuple[str, str]:
        return rule.family, rule.pylint[1:3]

    for (family, _), group in groupby(sorted((rule for rule in rules if rule.pylint), key=key), key=key):
        yield f"mergegate-{family}", list(group)


def _description(rule: Rule) -> str:
    return " ".join(rule.summary.split()).replace("%", "%%")


def _confidence(finding: Finding) -> PylintConfidence:
    """Return pylint's level: HIGH for what stands at the place itself, INFERENCE for what a chain or a type shows."""
    if finding.confidence is Confidence.LOW:
        return INFERENCE_FAILURE
    return HIGH if finding.confidence is Confidence.HIGH and len(finding.witness) <= 1 else INFERENCE
