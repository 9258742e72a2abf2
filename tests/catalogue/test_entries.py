"""What layers say together: the checks and the catalogue read it alike, and tell who said it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from zhupei.catalogue.entries import EntryReader
from zhupei.config.files import FileModels, NationalFile
from zhupei.config.layers import Layer, steps_in_force
from zhupei.config.loader import validate
from zhupei.config.policy_values import known_value
from zhupei.config.problems import Problems
from zhupei.config.yaml import Document, parse
from zhupei.domain.sources import Level
from zhupei.domain.training import ProgramKind
from zhupei.hooks.manager import PluginHost

_HOST = PluginHost.load({})
_MODEL = FileModels.of(_HOST.kinds, {}).by_kind["national"]
_KEYS = ("age_limit", "training_months")
_KINDS = ("", ", program_kinds: [residency]", ", program_kinds: [fellowship]")

_ids = st.lists(st.sampled_from("abc"), unique=True, max_size=3)
_kinds = st.sampled_from(_KINDS)
_steps = st.tuples(st.booleans(), _ids, _kinds)
_penalties = st.tuples(_ids, _kinds)
_policies = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(["null", "0", "30"]))
_layer = st.tuples(_steps, _penalties, _policies, st.booleans())


def _text(
    steps: tuple[bool, list[str], str],
    penalties: tuple[list[str], str],
    policies: dict[str, str],
) -> str:
    amends, ids, kinds = steps
    lines = ["kind: national", "code: nation", "name: {zh: 国, en: Nation}", "steps:"]
    lines += [
        f"  - {{id: {each}, kind: application, label: {{zh: 步, en: Step}}, "
        f"amends: {'true' if amends else 'false'}{kinds}}}"
        for each in ids
    ]
    lines += ["penalties:"] if penalties[0] else []
    lines += [
        f"  - {{id: {each}, trigger: fraud, consequences: [ban], label: {{zh: 罚, en: Ban}}"
        f"{penalties[1]}}}"
        for each in penalties[0]
    ]
    lines += ["policies:"] if policies else []
    lines += [f"  {key}: {{value: {value}, note: 说明}}" for key, value in policies.items()]
    return "\n".join(line for line in lines if line != "steps:" or ids) + "\n"


def _read(number: int, text: str, *, scoped: bool) -> Layer:
    document = parse(Path(f"layer-{number}.yaml"), text.encode())
    assert isinstance(document, Document)
    problems = Problems()
    model = validate(document, _MODEL, problems)
    assert isinstance(model, NationalFile), problems
    return Layer(Level.NATIONAL, document, (), model, scoped)


@given(st.lists(_layer, min_size=1, max_size=4), st.sampled_from(ProgramKind))
def test_layers_merge_alike_for_checks_and_catalogue(
    given_layers: list[
        tuple[tuple[bool, list[str], str], tuple[list[str], str], dict[str, str], bool]
    ],
    kind: ProgramKind,
) -> None:
    texts = [_text(steps, penalties, policies) for steps, penalties, policies, _ in given_layers]
    layers = [
        _read(number, text, scoped=given_layers[number][3]) for number, text in enumerate(texts)
    ]
    reader = EntryReader(_HOST.kinds.owner)

    steps = reader.steps(layers, kind)
    assert [step.id for step in steps] == list(steps_in_force(layers, kind))

    policies = {policy.key: policy for policy in reader.policies(layers, kind)}
    for key in _KEYS:
        value = policies[key].value if key in policies else None
        assert value == known_value(layers, kind, key), "null leaves the one above in force"

    for penalty in reader.merged("penalties", layers, kind):
        told = [(origin.file, origin.line) for origin in penalty.origins]
        wanted = [
            (layer.document.path.name, text.split("\n").index(line) + 1)
            for layer, text in zip(reversed(layers), reversed(texts), strict=True)
            for line in text.split("\n")
            if line.startswith(f"  - {{id: {penalty.id}, trigger")
            and any(
                each.id == penalty.id and layer.concerns(each.program_kinds, kind)
                for each in layer.rules.penalties
            )
        ]
        assert told == wanted, "every layer that says it, most specific first"
