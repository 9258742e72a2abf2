"""Queries that decide: eligibility for one opening or all, and what a person would be paid."""

import dataclasses
from typing import Annotated, Any

import strawberry

from zhupei.domain.eligibility import EligibilityOutcome, EligibilityReport as DomainReport
from zhupei.domain.text import Text
from zhupei.domain.training import Opening
from zhupei.graphql.connections import Connection, Listing, OrderDirection, Page, Selected
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal, bad_input, not_found
from zhupei.graphql.filters import OpeningFilter, select_openings
from zhupei.graphql.listings import OPENINGS, OpeningOrder
from zhupei.graphql.sources import Computed, GraphInfo, field
from zhupei.graphql.types.decisions import BenefitEstimate, EligibilityReport
from zhupei.graphql.types.inputs import CandidateInput, ProfileInput, candidate_of, profile_of
from zhupei.services import benefits, eligibility

__all__ = ["DecisionQueries"]
