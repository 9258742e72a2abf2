"""What hooks cannot see of an answer: whether it fits the programs that it is about.

An answer of the right types may still name a specialty that no plan could hold. Whoever gives it
is told where, and the next level is asked instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from zhupei.catalogue.canonical import canonical_json
from zhupei.domain.benefits import Benefit
from zhupei.domain.kinds import KindGroup
from zhupei.domain.text import Text
from zhupei.domain.training import Quota, Timeline
from zhupei.hooks.hook_errors import HookAnswerError
from zhupei.hooks.kinds import KindRegistry

__all__ = ["check_benefits", "check_form", "check_quotas", "check_timeline"]


def check_form(plugin: str, hook: str, answer: Any) -> None:
    """Check that an answer has the canonical form that the catalogue's hash is made of.

    Raises:
        HookAnswerError: it holds itself, half of a character, or what fails when it is looked at.

    """
    try:
        canonical_json(answer)
    except Exception as error:
        kind = type(error).__name__
        problem = Text(f"不能写成文本（{kind}）", f"it cannot be written as text ({kind})")
        raise HookAnswerError(plugin, hook, "answer", problem) from error


def check_benefits(plugin: str, benefits: list[Benefit], kinds: KindRegistry) -> None:
    """Check that benefits of the core's kinds have the parameters of these.

    Of a plugin's own kinds its own function has to make sense.

    Raises:
        HookAnswerError: a benefit has others, or lacks those that its kind cannot do without.

    """
    for index, benefit in enumerate(benefits):
        key = KindGroup.BENEFIT, benefit.kind
        if key not in kinds or kinds.owner(*key) is not None:
            continue
        model = kinds.get(*key).params
        if model is None or isinstance(benefit.params, model):
            continue
        if benefit.params is None and not any(
            field.is_required() for field in model.model_fields.values()
        ):
            continue
        got = type(benefit.params).__name__ if benefit.params is not None else "None"
        raise HookAnswerError(
            plugin,
            "base_benefits",
            f"answer[{index}].params",
            Text(f"应为 {model.__name__}，而不是 {got}", f"expected {model.__name__}, got {got}"),
        )


def check_quotas(plugin: str, quotas: list[Quota], specialties: Mapping[str, Set[str]]) -> None:
    """Check quotas of the programs in ``specialties``, by which those are that each may have.

    Raises:
        HookAnswerError: a specialty is unknown or given twice, or a number is negative.

    """
    seen: set[tuple[str, str]] = set()
    for index, quota in enumerate(quotas):
        known = specialties.get(quota.program)
        if known is None:  # of another cycle, which is asked about by itself
            continue
        place = f"answer[{index}]"
        name = quota.specialty
        if name not in known:
            problem = Text(
                f"该项目没有专业“{name}”", f'there is no specialty "{name}" in this program'
            )
            raise HookAnswerError(plugin, "base_quotas", f"{place}.specialty", problem)
        if (quota.program, name) in seen:
            problem = Text(f"专业“{name}”出现了两次", f'the specialty "{name}" is given twice')
            raise HookAnswerError(plugin, "base_quotas", f"{place}.specialty", problem)
        seen.add((quota.program, name))
        for part, number in _numbers(quota):
            if number is not None and number < 0:
                problem = Text("不能为负数", "it is negative")
                raise HookAnswerError(plugin, "base_quotas", f"{place}.{part}", problem)


def check_timeline(plugin: str, timeline: Timeline) -> None:
    """Check the rounds of a program.

    Raises:
        HookAnswerError: two have one code.

    """
    seen: set[str] = set()
    for index, each in enumerate(timeline.rounds):
        if each.code in seen:
            problem = Text(
                f"批次“{each.code}”出现了两次", f'the round "{each.code}" is given twice'
            )
            raise HookAnswerError(plugin, "base_timeline", f"answer.rounds[{index}].code", problem)
        seen.add(each.code)


def _numbers(quota: Quota) -> Iterator[tuple[str, int | None]]:
    yield "seats", quota.seats
    for index, direction in enumerate(quota.directions):
        yield f"directions[{index}].quota", direction.quota
    for index, share in enumerate(quota.rounds):
        yield f"rounds[{index}].seats", share.seats
