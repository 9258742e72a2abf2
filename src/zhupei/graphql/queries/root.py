"""The root type: every query of the core."""

import strawberry

from zhupei.graphql.federation.queries import FederationQueries
from zhupei.graphql.queries.access import AccessQueries
from zhupei.graphql.queries.accounts import AccountQueries
from zhupei.graphql.queries.allocation import AllocationQueries
from zhupei.graphql.queries.applications import ApplicationQueries
from zhupei.graphql.queries.catalogue import CatalogueQueries
from zhupei.graphql.queries.decisions import DecisionQueries
from zhupei.graphql.queries.notices import NoticeQueries
from zhupei.graphql.queries.office import OfficeQueries
from zhupei.graphql.queries.papers import PaperQueries
from zhupei.graphql.queries.people import PeopleQueries
from zhupei.graphql.queries.platform import PlatformQueries
from zhupei.graphql.queries.webhooks import WebhookQueries

__all__ = ["QUERY_DESCRIPTION", "Query"]

QUERY_DESCRIPTION = (
    "What can be asked of the graph (查询). Everything is found by codes: provinces by GB/T 2260, "
    "specialties by the national four digits, bases, programs and openings by their slugs."
)


@strawberry.type(name="Query", description=QUERY_DESCRIPTION)
class Query(
    CatalogueQueries,
    DecisionQueries,
    PlatformQueries,
    AccessQueries,
    AccountQueries,
    AllocationQueries,
    ApplicationQueries,
    OfficeQueries,
    PeopleQueries,
    PaperQueries,
    NoticeQueries,
    WebhookQueries,
    FederationQueries,
):
    """The root type of the core."""
