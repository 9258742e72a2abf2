"""Shenzhen's rules, and what is known of Guangdong's (S0)."""

from __future__ import annotations

from zhupei import DegreeLevel, JurisdictionKind, Level
from zhupei.catalogue import Catalogue

_PROGRAM = "hku-szh-residency-2026"


def test_place_in_the_hierarchy(published: Catalogue) -> None:
    city = published.jurisdictions["shenzhen"]
    assert (city.kind, city.province, city.prefecture) == (
        JurisdictionKind.CITY,
        "440000",
        "440300",
    )
    assert city.parent == "guangdong"
    assert published.jurisdictions["guangdong"].kind is JurisdictionKind.PROVINCE


def test_stipend_by_degree(published: Catalogue) -> None:
    """R042 T27 T28: 6000, 7000 and 8500 yuan a month, by the city, for social trainees."""
    (stipend,) = [one for one in published.programs[_PROGRAM].benefits if one.id == "stipend"]
    assert (stipend.kind, stipend.level) == ("by_degree", Level.JURISDICTION)
    assert stipend.params.amounts == {
        DegreeLevel.BACHELOR: 6000,
        DegreeLevel.MASTER: 7000,
        DegreeLevel.DOCTOR: 8500,
    }
    assert stipend.when == 'profile.traineeType == "SOCIAL"'
    assert stipend.source is not None
    assert (stipend.source.document, stipend.source.lines) == ("S0", "66-68")


def test_delegated_plan(published: Catalogue) -> None:
    """R040 R061 T37: the city's own plan is cited, judged by a person, and not supplied."""
    (rule,) = [
        one
        for one in published.programs[_PROGRAM].requirements
        if one.id == "shenzhen-recruitment-plan"
    ]
    assert (rule.kind, rule.level, rule.deferred) == ("review", Level.JURISDICTION, "document")
    assert published.documents["SZ-RECRUITMENT-PLAN"].supplied is False
    (section,) = published.jurisdictions["shenzhen"].sections
    assert [item.id for item in section.items] == ["announcement", "recruitment-plan"]


def test_penalties(published: Catalogue) -> None:
    """R058 R059 T43: fraud cancels; serious no-shows and quitters wait three years."""
    found = {
        one.id: (one.trigger, one.consequences, one.ban_years, one.after_days)
        for one in published.programs[_PROGRAM].penalties
        if one.level is Level.JURISDICTION
    }
    assert found == {
        "recruitment-fraud": (
            "fraud",
            ("application_cancelled", "admission_cancelled"),
            None,
            None,
        ),
        "serious-no-show": ("no_show", ("ban",), 3, None),
        "serious-quit": ("quit_after_report", ("ban",), 3, None),
    }


def test_guangdong_sets_no_rule(published: Catalogue) -> None:
    """R032: Guangdong's physical standard is cited; no document makes it bind other bases."""
    (section,) = published.jurisdictions["guangdong"].sections
    (item,) = section.items
    assert item.id == "physical-examination"
    assert published.documents["GD-PHYSICAL-EXAMINATION"].supplied is False
