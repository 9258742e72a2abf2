"""What is published is signed at once: it says what was so then, whoever asks when."""

from __future__ import annotations

import pytest

from served_admissions import ServedAdmissions
from zhupei.db.models import PublishedListRow

pytestmark = pytest.mark.slow


async def test_a_list_says_what_was_so_when_it_was_published(province: ServedAdmissions) -> None:
    """R146: a name that is changed afterwards does not get on the list under publicity."""
    await province.published("90")
    with province.graph.database.use():
        (kept,) = await PublishedListRow.all()
    named = "... on Applicant { name }"
    changed = await province.do("updateApplicant", "person-0", named, revision=1, name="王小明")
    assert changed["name"] == "王小明"
    publicity = kept.publicity_id  # type: ignore[attr-defined]  # Tortoise adds it
    response = await province.graph.client.get(f"/publicity/{publicity}.json")
    assert response.text == kept.content
    (entry,) = response.json()["list"]["entries"]
    assert entry["name"] == "p*****-0"
