"""The settings of contracts on what models answer: `[tool.mergegate.contracts.NAME]`, and files `*.contract.toml`."""

from __future__ import annotations

from dataclasses import dataclass

from mergegate.config_shapes import Flag, ListOf, Share, Text, Whole, option

POLICIES = ("none", "backward", "forward", "full", "backward_transitive", "forward_transitive", "full_transitive")
LEVELS = ("error", "warn")
REPAIRS = ("off", "report", "accept")
FILTERS = ("pii", "injection")
_NAMES = ListOf(Text())


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractConfig:
    """What a model's answers must be."""

    schema: str = option(Text(), "File with the JSON Schema of the answers, relative to this file.", analysis=False)
    policy: str = option(Text(POLICIES), "Which changes of the schema the lock lets pass.", "backward", analysis=False)
    level: str = option(
        Text(LEVELS), "Whether a change that the policy forbids fails, or is only said.", "error", analysis=False
    )
    providers: tuple[str, ...] = option(
        _NAMES, "Providers whose subset of JSON Schema it has to keep to.", (), analysis=False
    )
    formats: bool = option(Flag(), "Whether `format` is asserted.", False, analysis=False)
    outputs: tuple[str, ...] = option(
        _NAMES, "Files of recorded answers, as glob patterns relative to this file.", (), analysis=False
    )
    min_rate: float = option(
        Share(), "Least part of the answers that must be valid; below 1 single ones do not fail the run.", 1.0,
        analysis=False,
    )  # fmt: skip
    samples: int = option(Whole(), "Least number of answers.", 0, analysis=False)
    repair: str = option(
        Text(REPAIRS),
        "What becomes of broken JSON that can be repaired: an error like others, an error of its own, or valid.",
        "report", analysis=False,
    )  # fmt: skip
    filters: tuple[str, ...] = option(ListOf(Text(FILTERS)), "What valid answers must not hold.", (), analysis=False)
