"""Contacts and published sections."""

from zhupei.domain import institutions
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Localized, declares, field
from zhupei.graphql.types.interfaces import USE_KEY
from zhupei.graphql.types.origins import Origin, Source

__all__ = ["Contact", "Phone", "Section", "SectionItem"]


@declares(institutions.Phone, description="A telephone number (电话).")
class Phone:
    """A number with its extension."""

    number: str = field(
        Attribute(), description="Number in canonical form, area code and hyphen (号码)."
    )
    extension: str | None = field(Attribute(), description="Extension (分机号).")


@declares(institutions.Contact, description="How to reach an office (联系方式).")
class Contact:
    """An office's contacts."""

    label: Text | None = field(Localized(), description="Which office (部门).")
    people: list[str] = field(Attribute(), description="Persons in charge (联系人).")
    phones: list[Phone] = field(Attribute(), description="Telephone numbers (电话).")
    qq_groups: list[str] = field(Attribute(), description="QQ groups (QQ 群).")
    emails: list[str] = field(Attribute(), description="Mail addresses (电子邮箱).")
    wechat_accounts: list[str] = field(
        Attribute(), description="WeChat public accounts (微信公众号)."
    )
    websites: list[str] = field(Attribute(), description="Web addresses (网址).")
    address: Text | None = field(Localized(), description="Postal address (地址).")
    note: Text | None = field(Localized(), description="What the contact is for (备注).")
    source: Source | None = field(Attribute(), description="Where it stands (出处).")


@declares(institutions.SectionItem, description="One published statement (条文).")
class SectionItem:
    """A statement."""

    key: str = field(Attribute("id"), description="What tells it apart in the section (标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    label: Text = field(Localized(), description="What it is about (名称).")
    text: Text | None = field(Localized(), description="The statement, as published (内容).")
    value: str | None = field(Attribute(), description="The figure, where it is one (数值).")
    unit: str | None = field(Attribute(), description="Unit of the figure (单位).")
    source: Source | None = field(Attribute(), description="Where it stands (出处).")


@declares(
    institutions.Section,
    description="A titled group of published statements that carry no logic (信息栏目).",
)
class Section:
    """A group of statements."""

    key: str = field(Attribute("id"), description="What tells it apart in its list (标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    kind: str = field(
        Attribute(),
        description=(
            "What it is about (类型): `profile`, `principles`, `duties`, `rights`, `procedure`, "
            "`management`, `statistics`, `training` or `recognition`."
        ),
    )
    label: Text = field(Localized(), description="Title (标题).")
    level: Level = field(Attribute(), description="Who publishes it (规定层级).")
    items: list[SectionItem] = field(Attribute(), description="The statements (条文).")
    source: Source | None = field(Attribute(), description="Where it stands (出处).")
    origins: list[Origin] = field(Attribute(), description="Who set it (来历).")
