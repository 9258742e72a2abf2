"""The core names nobody: no institution or jurisdiction stands in src or schema.graphql.

What is looked for is read from the configuration and the plugins themselves, so that a hospital
that joins is looked for from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

# Provinces and prefectures are reference data; the documents' words about them are facts.
_EXEMPT = {"src/zhupei/reference"}
# Words that are also plain English or Chinese words of the field.
_PLAIN = {"national"}


def _names() -> Iterator[str]:
    for file in sorted((ROOT / "bases").rglob("*.yaml")):
        data = yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader)
        if data.get("kind") not in {"base", "jurisdiction"}:
            continue
        yield data["code"]
        yield from data["name"].values()
        yield from data.get("aliases", ())
        for program in data.get("programs", ()):
            yield program["code"]
    for project in sorted((ROOT / "plugins").glob("*/pyproject.toml")):
        slug = project.parent.name
        yield slug
        yield "".join(part.capitalize() for part in slug.split("-"))


def _short(names: set[str]) -> set[str]:
    """Add what people say for a name: 湖北 for 湖北省, Hubei for Hubei Province."""
    endings = r"(省|市|壮族自治区|自治区| Province| City| Zhuang Autonomous Region)$"
    return names | {re.sub(endings, "", name) for name in names}


NAMES = sorted(_short(set(_names())) - _PLAIN)


def _files() -> list[Path]:
    found = [ROOT / "schema.graphql"]
    for file in sorted((ROOT / "src").rglob("*")):
        place = file.relative_to(ROOT).as_posix()
        text = file.suffix in {
            ".py",
            ".yaml",
            ".yml",
            ".md",
            ".toml",
            ".graphql",
            ".html",
            ".js",
            ".mjs",
            ".txt",
            ".in",
        }
        built = "/dist/" in place or "/__pycache__/" in place
        if text and not built and not any(place.startswith(exempt) for exempt in _EXEMPT):
            found.append(file)
    return found


@pytest.mark.institutions
def test_there_is_something_to_look_for() -> None:
    assert len(NAMES) > 100
    assert {"hku-szh", "gz-liuzhou", "hubei", "guangxi", "shenzhen", "湖北", "Hubei"} <= set(NAMES)


@pytest.mark.parametrize("file", _files(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_core_names_nobody(file: Path) -> None:
    text = file.read_text("utf-8")
    # A slug or Latin name counts as a word of its own, a Chinese name wherever it stands.
    found = [
        name
        for name in NAMES
        if (
            re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text)
            if name.isascii()
            else name in text
        )
    ]
    assert found == []
