from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core._pydantic_core import list_all_errors

from zhupei.config.loader import discover, read, read_bytes, validate
from zhupei.config.messages import describe
from zhupei.config.problems import Problem, Problems, YamlPath
from zhupei.config.yaml import Document, parse
from zhupei.domain.text import Language, Text


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Level(Enum):
    BACHELOR = "bachelor"
    MASTER = "master"


class _Rank(IntEnum):
    LOW = 1
    HIGH = 2


class _Stipend(_Model):
    kind: Literal["stipend"]
    amount: Decimal
    months: Annotated[int, Field(ge=1, le=12)] = 12


class _Housing(_Model):
    kind: Literal["housing"]
    free: bool
    note: str | None = None


_Benefit = Annotated[_Stipend | _Housing, Field(discriminator="kind")]


class _Quota(_Model):
    specialty: Annotated[str, Field(pattern="^[0-9]{4}$")]
    seats: Annotated[int, Field(ge=0)] | None
    stipend: Decimal | None = None


class _Cycle(_Model):
    quotas: Annotated[tuple[_Quota, ...], Field(min_length=1)]
    opens: date | None = None


class _File(_Model):
    code: str
    name: str
    level: _Level = _Level.BACHELOR
    cycles: dict[int, _Cycle] = {}
    benefits: tuple[_Benefit, ...] = ()


def _document(text: str) -> Document:
    document = parse(Path("x.yaml"), text.encode())
    assert isinstance(document, Document), document
    return document


def _validate(text: str, model: type[BaseModel] = _File) -> list[str]:
    """Return the English text of every problem."""
    problems = Problems()
    instance = validate(_document(text), model, problems)
    assert (instance is None) == bool(problems.errors)
    return problems.text(Language.EN).splitlines()


_GOOD = """\
code: example
name: 示例医院
level: master
cycles:
  2026:
    opens: 2026-03-01
    quotas:
      - {specialty: 0100, seats: 4}
      - {specialty: "0200", seats: , stipend: 7600.50}
benefits:
  - {kind: stipend, amount: 100}
  - {kind: housing, free: true}
"""


def test_a_good_file_becomes_an_instance() -> None:
    problems = Problems()
    file = validate(_document(_GOOD), _File, problems)
    assert file == _File(
        code="example",
        name="示例医院",
        level=_Level.MASTER,
        cycles={
            2026: _Cycle(
                opens=date(2026, 3, 1),
                quotas=(
                    _Quota(specialty="0100", seats=4),
                    _Quota(specialty="0200", seats=None, stipend=Decimal("7600.50")),
                ),
            )
        },
        benefits=(
            _Stipend(kind="stipend", amount=Decimal(100)),
            _Housing(kind="housing", free=True),
        ),
    )
    assert len(problems) == 0


def test_every_problem_comes_at_once_in_order_of_place() -> None:
    text = """\
code: [x]
level: mastre
cycles:
  2026:
    opens: 2026-02-30
    quotas:
      - {specialty: 100, seats: -1}
      - specialty: "0200"
        seats: 1.0
        stipnd: 7600
  soon: {quotas: []}
benefits:
  - {kind: stipnd}
  - {amount: 1}
  - {kind: stipend, amount: "1,000", months: 13}
  - {kind: housing, free: yes, note: [x], rooms: 2}
  - housing
"""
    assert _validate(text) == [
        "x.yaml:1:1: name: missing key [CONFIG_MISSING_KEY]",
        "x.yaml:1:7: code: expected text [CONFIG_BAD_TYPE]",
        (
            "x.yaml:2:8: level: expected one of bachelor, master; "
            'did you mean "master"? [CONFIG_BAD_CHOICE]'
        ),
        (
            "x.yaml:5:12: cycles.2026.opens: expected a date, such as 2026-06-30; "
            "there is no such day [CONFIG_BAD_DATE]"
        ),
        (
            "x.yaml:7:21: cycles.2026.quotas.0.specialty: "
            "does not match the pattern ^[0-9]{4}$ [CONFIG_BAD_PATTERN]"
        ),
        "x.yaml:7:33: cycles.2026.quotas.0.seats: must be at least 0 [CONFIG_BAD_RANGE]",
        (
            "x.yaml:9:16: cycles.2026.quotas.1.seats: expected a whole number, such as 12; "
            "write 1 [CONFIG_BAD_NUMBER]"
        ),
        (
            "x.yaml:10:9: cycles.2026.quotas.1.stipnd: unknown key; "
            'did you mean "stipend"? [CONFIG_UNKNOWN_KEY]'
        ),
        "x.yaml:11:3: cycles.soon: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]",
        "x.yaml:11:18: cycles.soon.quotas: must have at least 1 entry, has 0 [CONFIG_BAD_LENGTH]",
        (
            'x.yaml:13:12: benefits.0.kind: unknown kind "stipnd" (known are stipend, housing); '
            'did you mean "stipend"? [CONFIG_UNKNOWN_KIND]'
        ),
        (
            "x.yaml:14:5: benefits.1.kind: missing key; "
            "known are stipend, housing [CONFIG_MISSING_KEY]"
        ),
        (
            "x.yaml:15:29: benefits.2.amount: expected a number, such as 7600 or 0.8; "
            "write 1000 [CONFIG_BAD_NUMBER]"
        ),
        "x.yaml:15:46: benefits.2.months: must be at most 12 [CONFIG_BAD_RANGE]",
        "x.yaml:16:27: benefits.3.free: expected true or false; write true [CONFIG_BAD_FLAG]",
        "x.yaml:16:38: benefits.3.note: expected text [CONFIG_BAD_TYPE]",
        "x.yaml:16:43: benefits.3.rooms: unknown key [CONFIG_UNKNOWN_KEY]",
        'x.yaml:17:5: benefits.4: expected "key: value" entries [CONFIG_BAD_TYPE]',
    ]


def test_messages_are_in_chinese_too() -> None:
    problems = Problems()
    assert validate(_document("code: x\nnmae: y\nlevel: phd\n"), _File, problems) is None
    assert problems.text(Language.ZH).splitlines() == [
        "x.yaml:2:1: nmae: 未知的键；您是不是想写“name”？ [CONFIG_UNKNOWN_KEY]",
        "x.yaml:3:8: level: 应为下列之一：bachelor、master [CONFIG_BAD_CHOICE]",
    ]


def test_a_misspelt_key_is_one_problem_not_two() -> None:
    """The key that was meant is not missed a second time."""
    assert _validate("code: x\nnmae: y\n") == [
        'x.yaml:2:1: nmae: unknown key; did you mean "name"? [CONFIG_UNKNOWN_KEY]'
    ]
    assert _validate("nmae: y\n") == [
        "x.yaml:1:1: code: missing key [CONFIG_MISSING_KEY]",
        'x.yaml:1:1: nmae: unknown key; did you mean "name"? [CONFIG_UNKNOWN_KEY]',
    ]


def test_an_unknown_key_that_resembles_none_lists_the_free_ones() -> None:
    assert _validate("code: x\nname: y\nzzz: 1\n") == [
        "x.yaml:3:1: zzz: unknown key; known keys: level, cycles, benefits [CONFIG_UNKNOWN_KEY]"
    ]


class _Measured(_Model):
    length_months: int | None = None
    length_note: str | None = None


@pytest.mark.parametrize(
    ("key", "meant"),
    [("length", "length_months"), ("length_notes", "length_note")],
)
def test_a_stem_means_its_figure_rather_than_the_note(key: str, meant: str) -> None:
    assert _validate(f"{key}: 36\n", _Measured) == [
        f'x.yaml:1:1: {key}: unknown key; did you mean "{meant}"? [CONFIG_UNKNOWN_KEY]'
    ]


def test_a_key_that_is_there_already_is_not_suggested() -> None:
    assert _validate("code: x\nname: y\nnames: z\n") == [
        "x.yaml:3:1: names: unknown key; known keys: level, cycles, benefits [CONFIG_UNKNOWN_KEY]"
    ]


class _Scalars(_Model):
    i: int = 0
    f: float = 0
    n: Decimal = Decimal(0)
    b: bool = False
    d: date = date(2026, 1, 1)
    m: datetime = datetime(2026, 1, 1)  # noqa: DTZ001 - because models may hold local times
    t: time = time(0)
    p: timedelta = timedelta(0)
    r: _Rank = _Rank.LOW
    c: Literal[1, True, "x"] = "x"
    s: str = ""
    o: int | None = None


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("i", "4", 4),
        ("i", "-4", -4),
        ("i", "0", 0),
        ("i", '"12"', 12),
        ("f", "0.5", 0.5),
        ("n", "7600.50", Decimal("7600.50")),
        ("b", "true", True),
        ("b", "false", False),
        ("d", "2026-02-28", date(2026, 2, 28)),
        ("m", "2026-02-28T18:30", datetime(2026, 2, 28, 18, 30)),  # noqa: DTZ001 - see above
        ("t", "18:30", time(18, 30)),
        ("p", "P7D", timedelta(days=7)),
        ("p", "PT1H30M", timedelta(hours=1, minutes=30)),
        ("r", "2", _Rank.HIGH),
        ("c", "1", 1),
        ("c", "true", True),
        ("c", "x", "x"),
        ("s", "0100", "0100"),
        ("s", "no", "no"),
        ("o", "", None),
        ("o", "3", 3),
    ],
)
def test_text_becomes_what_the_model_says(key: str, text: str, value: object) -> None:
    problems = Problems()
    scalars = validate(_document(f"{key}: {text}\n"), _Scalars, problems)
    assert scalars is not None, problems
    assert getattr(scalars, key) == value
    assert type(getattr(scalars, key)) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "code", "hint"),
    [
        ("i", "1.0", "CONFIG_BAD_NUMBER", "write 1"),
        ("i", "1.5", "CONFIG_BAD_NUMBER", None),
        ("i", "1_000", "CONFIG_BAD_NUMBER", "write 1000"),
        ("i", '"1,000"', "CONFIG_BAD_NUMBER", "write 1000"),
        ("i", "+4", "CONFIG_BAD_NUMBER", "write 4"),
        ("i", "0100", "CONFIG_BAD_NUMBER", "a number must not begin with 0"),
        ("i", "１２", "CONFIG_BAD_NUMBER", "write 12"),
        ("i", "10人", "CONFIG_BAD_NUMBER", "write 10"),
        ("i", "' 4'", "CONFIG_BAD_NUMBER", "write 4"),
        ("i", "true", "CONFIG_BAD_NUMBER", None),
        ("i", "", "CONFIG_EMPTY_VALUE", "fill it in, or delete the key"),
        ("i", "[1]", "CONFIG_BAD_NUMBER", None),
        ("i", "9" * 30, "CONFIG_BAD_NUMBER", None),
        ("f", "1e3", "CONFIG_BAD_NUMBER", None),
        ("f", "nan", "CONFIG_BAD_NUMBER", None),
        ("n", "NaN", "CONFIG_BAD_NUMBER", None),
        ("n", "7600元", "CONFIG_BAD_NUMBER", "write 7600"),
        ("b", "yes", "CONFIG_BAD_FLAG", "write true"),
        ("b", "no", "CONFIG_BAD_FLAG", "write false"),
        ("b", "1", "CONFIG_BAD_FLAG", "write true"),
        ("b", "0", "CONFIG_BAD_FLAG", "write false"),
        ("b", "on", "CONFIG_BAD_FLAG", "write true"),
        ("b", "True", "CONFIG_BAD_FLAG", "write true"),
        ("b", "否", "CONFIG_BAD_FLAG", "write false"),
        ("d", "1735689600", "CONFIG_BAD_DATE", None),
        ("d", "2026-02-29", "CONFIG_BAD_DATE", "there is no such day"),
        ("d", "2026/6/1", "CONFIG_BAD_DATE", "write 2026-06-01"),
        ("d", "2026年6月1日", "CONFIG_BAD_DATE", "write 2026-06-01"),
        ("d", "2026-06-01T00:00:00", "CONFIG_BAD_DATE", None),
        ("m", "2026-06-01", "CONFIG_BAD_DATE", None),
        ("m", "1735689600", "CONFIG_BAD_DATE", None),
        ("t", "1800", "CONFIG_BAD_DATE", None),
        ("t", "25:00", "CONFIG_BAD_DATE", None),
        ("p", "7", "CONFIG_BAD_DATE", None),
        ("p", "P", "CONFIG_BAD_DATE", None),
        ("r", "3", "CONFIG_BAD_CHOICE", None),
        ("c", "2", "CONFIG_BAD_CHOICE", None),
        ("s", "[x]", "CONFIG_BAD_TYPE", None),
        ("s", "", "CONFIG_EMPTY_VALUE", "fill it in, or delete the key"),
    ],
)
def test_other_spellings_are_refused(key: str, text: str, code: str, hint: str | None) -> None:
    problems = Problems()
    assert validate(_document(f"{key}: {text}\n"), _Scalars, problems) is None
    (problem,) = problems
    assert (problem.code, problem.path) == (code, (key,))
    assert (None if problem.hint is None else problem.hint.en) == hint


def test_choices_are_listed_as_a_file_spells_them() -> None:
    assert _validate("c: 2\nr: 3\n", _Scalars) == [
        "x.yaml:1:4: c: expected one of 1, true, x [CONFIG_BAD_CHOICE]",
        "x.yaml:2:4: r: expected one of 1, 2 [CONFIG_BAD_CHOICE]",
    ]


class _Plain(BaseModel):
    n: int


class _Around(_Model):
    plain: _Plain
    several: tuple[_Plain, ...] = ()
    again: _Around | None = None


def test_models_of_others_inside_a_model_are_read_as_strictly() -> None:
    """A plugin's own models are plain pydantic models."""
    text = "plain: {n: 1.0}\nseveral: [{n: yes}]\nagain: {plain: {n: 1_0}}\n"
    assert [line.partition(": expected")[0] for line in _validate(text, _Around)] == [
        "x.yaml:1:12: plain.n",
        "x.yaml:2:15: several.0.n",
        "x.yaml:3:20: again.plain.n",
    ]


class _Aliased(_Model):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    seats: int = Field(alias="名额")
    inner: _Plain = Field(alias="内", default=_Plain(n=1))


def test_aliases_are_what_the_file_says() -> None:
    assert _validate("名客: 1\n内: {n: x}\n", _Aliased) == [
        'x.yaml:1:1: 名客: unknown key; did you mean "名额"? [CONFIG_UNKNOWN_KEY]',
        "x.yaml:2:8: 内.n: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]",
    ]
    assert _validate("{}\n", _Aliased) == ["x.yaml:1:1: 名额: missing key [CONFIG_MISSING_KEY]"]


class _Single(_Model):
    entries: tuple[_Stipend, ...]


def test_the_kind_of_a_union_with_one_member_is_a_kind_too() -> None:
    assert _validate("entries: [{kind: x, amount: 1}]\n", _Single) == [
        "x.yaml:1:18: entries.0.kind: expected stipend [CONFIG_UNKNOWN_KIND]"
    ]


def test_a_kind_named_like_a_key_is_no_key() -> None:
    """The tag ``stipend`` in pydantic's location is not the mapping's key ``stipend``."""

    class Other(_Model):
        kind: Literal["other"]

    class Stipend(_Model):
        kind: Literal["stipend"]
        stipend: int

    class File(_Model):
        entry: Annotated[Stipend | Other, Field(discriminator="kind")]

    assert _validate("entry: {kind: stipend, stipend: x}\n", File) == [
        "x.yaml:1:33: entry.stipend: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]"
    ]
    assert _validate("entry: {kind: , stipend: x}\n", File) == [
        "x.yaml:1:15: entry.kind: the value is empty; known are stipend, other [CONFIG_EMPTY_VALUE]"
    ]


class _Unions(_Model):
    quota: int | Literal["unlimited"] = 0
    place: _Plain | str | None = None
    two: _Quota | _Cycle | None = None
    entries: list[_Plain | int] = []


def test_a_union_is_one_problem() -> None:
    assert _validate("quota: many\n", _Unions) == [
        (
            "x.yaml:1:8: quota: expected a whole number, such as 12, or expected unlimited "
            "[CONFIG_BAD_TYPE]"
        )
    ]
    assert _validate("place: [x]\n", _Unions) == [
        'x.yaml:1:8: place: expected "key: value" entries, or expected text [CONFIG_BAD_TYPE]'
    ]


def test_of_a_union_the_member_that_was_meant_is_reported() -> None:
    assert _validate("place: {n: x}\n", _Unions) == [
        "x.yaml:1:12: place.n: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]"
    ]
    assert _validate('two: {specialty: "0100", seats: x}\n', _Unions) == [
        "x.yaml:1:33: two.seats: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]"
    ]
    assert _validate("entries: [{n: 1}, {n: x}, y]\n", _Unions) == [
        "x.yaml:1:23: entries.1.n: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]",
        (
            'x.yaml:1:27: entries.2: expected "key: value" entries, or expected a whole number, '
            "such as 12 [CONFIG_BAD_TYPE]"
        ),
    ]


def test_a_colon_that_is_none_is_explained_where_a_mapping_was_expected() -> None:
    problems = _validate("code: x\nname: y\nbenefits:\n  - kind：stipend\n  - kind:housing\n")
    assert problems == [
        (
            'x.yaml:4:5: benefits.0: expected "key: value" entries; '
            "here is a full-width colon “：”, "
            'write a plain colon and a space ": " [CONFIG_BAD_TYPE]'
        ),
        (
            'x.yaml:5:5: benefits.1: expected "key: value" entries; '
            "a space must follow the colon [CONFIG_BAD_TYPE]"
        ),
    ]


def _even(value: int) -> int:
    if value % 2:
        raise PydanticCustomError(
            "CONFIG_TEST_ODD",
            "{en}",
            {"zh": "应为偶数", "en": "must be even", "hint_zh": "加一", "hint_en": "add one"},
        )
    return value


class _DomainError(ValueError):
    code = "CONFIG_TEST_DOMAIN"
    message = Text("领域不允许", "the domain forbids it")
    hint = Text("改", "change it")


def _forbidden(value: str) -> str:
    if value == "domain":
        raise _DomainError
    if value == "plain":
        raise ValueError("plain words")
    assert value != "assert", "asserted"
    return value


class _Window(_Model):
    opens: int = 0
    closes: int = 9

    @model_validator(mode="after")
    def _in_order(self) -> _Window:
        if self.closes < self.opens:
            raise PydanticCustomError(
                "CONFIG_TEST_ORDER",
                "{en}",
                {"zh": "结束早于开始", "en": "closes before it opens", "at": ("closes",)},
            )
        return self


class _Own(_Model):
    even: Annotated[int, AfterValidator(_even)] = 0
    word: Annotated[str, AfterValidator(_forbidden)] = ""
    window: _Window = _Window()


def test_our_own_validators_speak_for_themselves() -> None:
    text = "even: 3\nword: domain\nwindow:\n  opens: 5\n  closes: 4\n"
    assert _validate(text, _Own) == [
        "x.yaml:1:7: even: must be even; add one [CONFIG_TEST_ODD]",
        "x.yaml:2:7: word: the domain forbids it; change it [CONFIG_TEST_DOMAIN]",
        "x.yaml:5:11: window.closes: closes before it opens [CONFIG_TEST_ORDER]",
    ]
    assert _validate("word: plain\n", _Own) == [
        "x.yaml:1:7: word: invalid value: plain words [CONFIG_BAD_VALUE]"
    ]
    assert _validate("word: assert\n", _Own) == [
        "x.yaml:1:7: word: invalid value: asserted [CONFIG_BAD_VALUE]"
    ]


@pytest.mark.parametrize("error", list_all_errors(), ids=lambda error: str(error["type"]))
def test_every_error_of_pydantic_has_a_message_in_both_languages(error: Any) -> None:
    context = dict(error["example_context"] or {})
    message = describe({"type": error["type"], "ctx": context, "msg": "said", "input": "x"})
    assert message.code.startswith("CONFIG_")
    assert message.text.zh
    assert message.text.en
    assert any("\u4e00" <= character <= "\u9fff" for character in message.text.zh), message
    assert not any("\u4e00" <= character <= "\u9fff" for character in message.text.en), message


def test_an_error_that_pydantic_may_have_tomorrow_is_still_explained() -> None:
    message = describe({"type": "new_error", "msg": "Input is odd", "input": "x"})
    assert (message.code, message.text) == (
        "CONFIG_BAD_VALUE",
        Text("不符合要求（new_error）：Input is odd", "Input is odd"),
    )


def test_a_part_of_a_document_is_validated_in_its_place() -> None:
    """The block of a plugin, checked with the plugin's model."""
    document = _document("extra:\n  some-plugin:\n    n: x\n")
    problems = Problems()
    at: YamlPath = ("extra", "some-plugin")
    assert validate(document, _Plain, problems, at=at) is None
    assert problems.text(Language.EN) == (
        "x.yaml:3:8: extra.some-plugin.n: expected a whole number, such as 12 [CONFIG_BAD_NUMBER]\n"
    )
    with pytest.raises(LookupError):
        validate(document, _Plain, problems, at=("extra", "other"))


def test_the_document_is_not_changed_and_can_be_validated_again() -> None:
    document = _document(_GOOD)
    before = repr(document.data)
    assert validate(document, _File, Problems()) == validate(document, _File, Problems())
    assert repr(document.data) == before


_scalar_texts = st.sampled_from(
    ["", "x", "0100", "4", "-1", "yes", "true", "2026-05-01", "1.5", "stipend", "housing", "~"]
)
_key_texts = st.sampled_from(
    [
        "code",
        "name",
        "level",
        "cycles",
        "benefits",
        "quotas",
        "kind",
        "amount",
        "free",
        "2026",
        "seats",
        "opens",
        "nmae",
        "专业",
    ]
)
_trees = st.recursive(
    _scalar_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_key_texts, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_key_texts, _trees, min_size=1, max_size=6))
def test_anything_gives_an_instance_or_problems_in_the_file(data: dict[str, Any]) -> None:
    from zhupei.config.writer import dump

    document = _document(dump(data))
    problems = Problems()
    instance = validate(document, _File, problems)
    assert (instance is None) == (len(problems) > 0)
    for problem in problems:
        assert problem.message.zh
        assert problem.message.en
        # Every path is one of the file, but for a last key that is missing.
        parent: Any = document.get(problem.path[:-1])
        if problem.code != "CONFIG_MISSING_KEY":
            document.get(problem.path)
        elif problem.path:
            assert isinstance(parent, dict)
            assert problem.path[-1] not in parent


def test_read_gives_the_document_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n", encoding="utf-8")
    document = read(file)
    assert isinstance(document, Document)
    assert (document.path, document.data) == (file, {"a": "1"})


def _only(problems: object) -> Problem:
    assert isinstance(problems, Problems)
    (problem,) = problems
    return problem


def test_read_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    missing = _only(read(tmp_path / "missing.yaml"))
    assert (missing.code, missing.message.en) == (
        "CONFIG_FILE_MISSING",
        "no such file or folder",
    )
    folder = _only(read(tmp_path))
    assert (folder.code, folder.message.en) == (
        "CONFIG_FILE_UNREADABLE",
        "cannot be read (not a regular file)",
    )
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert _only(read(pipe)).code == "CONFIG_FILE_UNREADABLE"
    below_a_file = tmp_path / "file"
    below_a_file.write_text("x", encoding="utf-8")
    assert _only(read(below_a_file / "x.yaml")).code == "CONFIG_FILE_UNREADABLE"
    assert _only(read(Path("a\0b"))).code == "CONFIG_FILE_UNREADABLE"
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (1024 * 1024 + 1))
    assert _only(read(large)).code == "CONFIG_FILE_TOO_LARGE"


def test_read_bytes_reads_no_more_than_the_limit_shows(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    assert read_bytes(file, 10) == b"12345"
    assert read_bytes(file, 3) == b"1234"


def test_discover_finds_yaml_files_in_order(tmp_path: Path) -> None:
    for name in (
        *("b/_jurisdiction.yaml", "b/x.yml", "b/.hidden.yaml", "b/notes.txt", "b/c/deep.YAML"),
        *("a/z.yaml", ".git/x.yaml", "top.yaml"),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "b" / "twice.yaml").symlink_to(tmp_path / "b" / "x.yml")
    (tmp_path / "b" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    problems = Problems()
    found = discover([tmp_path, tmp_path / "a", tmp_path / "missing"], problems)
    assert [file.relative_to(tmp_path).as_posix() for file in found] == [
        "a/z.yaml",
        "b/_jurisdiction.yaml",
        "b/c/deep.YAML",
        "b/twice.yaml",
        "top.yaml",
    ]
    assert [(problem.file, problem.code) for problem in problems] == [
        (tmp_path / "b" / "gone.yaml", "CONFIG_FILE_MISSING"),
        (tmp_path / "missing", "CONFIG_FILE_MISSING"),
    ]


def test_discover_takes_a_file_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.conf"
    file.write_text("a: 1\n", encoding="utf-8")
    assert discover([file, file], Problems()) == [file]
    assert discover([tmp_path], Problems()) == []


def test_discover_passes_by_a_dead_link_that_it_would_not_read(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round.txt").symlink_to(tmp_path / "round.txt")
    (tmp_path / "a.yml").symlink_to(tmp_path / "nowhere")
    # Without an ending it may have been a folder, whose bases nobody should lose unnoticed.
    (tmp_path / "gansu").symlink_to(tmp_path / "nowhere")
    problems = Problems()
    assert discover([tmp_path], problems) == []
    assert [(problem.file.name, problem.code) for problem in problems] == [
        ("a.yml", "CONFIG_FILE_MISSING"),
        ("gansu", "CONFIG_FILE_MISSING"),
    ]


def test_discover_tells_of_a_dead_link_that_is_named(tmp_path: Path) -> None:
    link = tmp_path / "photo.jpg"
    link.symlink_to(tmp_path / "nowhere")
    problems = Problems()
    assert discover([link], problems) == []
    assert _only(problems).code == "CONFIG_FILE_MISSING"


def test_discover_says_what_it_cannot_read(tmp_path: Path) -> None:
    problems = Problems()
    assert discover([tmp_path / ("a" * 300)], problems) == []
    problem = _only(problems)
    assert (problem.code, problem.message.en) == (
        "CONFIG_FILE_UNREADABLE",
        "cannot be read (File name too long)",
    )
