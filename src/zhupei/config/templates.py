"""Files beside a configuration file that one of its keys names: the texts of agreements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

from zhupei.config.hints import did_you_mean, suggest
from zhupei.config.scalars import problem
from zhupei.domain.agreements import AGREEMENT_FIELDS, AgreementTemplate

__all__ = ["FOLDER", "TemplateFile"]

FOLDER = "folder"
"""The key of the validators' context that holds the folder of the file under validation."""

_LARGEST_BYTES = 200_000


def _read(value: object, info: ValidationInfo) -> object:
    if isinstance(value, AgreementTemplate):
        return _known_fields(value)
    if not isinstance(value, str) or not value.strip():
        raise problem("CONFIG_BAD_TYPE", "应为文件名", "expected the name of a file")
    folder = (info.context or {}).get(FOLDER)
    name = Path(value.strip())
    if not isinstance(folder, Path) or name.is_absolute() or ".." in name.parts:
        raise problem(
            "CONFIG_TEMPLATE_FILE",
            f"应为本文件所在文件夹内的文件，而不是“{value}”",
            f'must be a file in the folder of this one or below, not "{value}"',
        )
    try:
        with (folder / name).open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise problem(
                "CONFIG_TEMPLATE_FILE",
                f"{value} 超过 {_LARGEST_BYTES} 字节",
                f"{value} is larger than {_LARGEST_BYTES} bytes",
            )
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise problem(
            "CONFIG_TEMPLATE_FILE", f"没有文件 {value}", f"there is no file {value}"
        ) from None
    except OSError as error:
        raise problem(
            "CONFIG_TEMPLATE_FILE",
            f"{value} 无法读取（{error.strerror}）",
            f"{value} cannot be read ({error.strerror})",
        ) from None
    except UnicodeDecodeError:
        raise problem(
            "CONFIG_TEMPLATE_FILE", f"{value} 不是 UTF-8 文本", f"{value} is not text in UTF-8"
        ) from None
    return _known_fields(AgreementTemplate(value.strip(), text))


def _known_fields(template: AgreementTemplate) -> AgreementTemplate:
    unknown = next((each for each in template.fields if each not in AGREEMENT_FIELDS), None)
    if unknown is not None:
        near = suggest(unknown, tuple(AGREEMENT_FIELDS))
        known = ", ".join(AGREEMENT_FIELDS)
        hint = (f"可用的字段：{known}", f"known fields: {known}")
        if near is not None:
            meant = did_you_mean(near)
            hint = (meant.zh, meant.en or meant.zh)
        raise problem(
            "CONFIG_TEMPLATE_FIELD",
            f"范本 {template.file} 中没有名为“{unknown}”的字段",
            f'the template {template.file} uses an unknown field "{unknown}"',
            hint_zh=hint[0],
            hint_en=hint[1],
        )
    return template


TemplateFile = Annotated[AgreementTemplate, BeforeValidator(_read, json_schema_input_type=str)]
"""The name of a UTF-8 text file in the folder of the configuration file, or below; it is read."""
