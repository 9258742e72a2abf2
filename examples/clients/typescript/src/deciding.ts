// May this person apply, and which clause says so? Nothing is stored.
import type { GraphQLClient } from 'graphql-request';

import { graphql } from './graph/index.js';
import type { CandidateInput, EligibilityQuery } from './graph/graphql.js';

const ELIGIBILITY = graphql(`
  query Eligibility($opening: String!, $candidate: CandidateInput!) {
    eligibility(opening: $opening, candidate: $candidate) {
      outcome
      findings {
        rule
        outcome
        message
        missingFacts
        source {
          document
          clause
        }
      }
    }
  }
`);

export type Decision = NonNullable<EligibilityQuery['eligibility']>;

export async function eligibility(
  http: GraphQLClient,
  opening: string,
  candidate: CandidateInput,
): Promise<Decision> {
  const { eligibility: decision } = await http.request(ELIGIBILITY, { opening, candidate });
  // It is null only beside an error, and errors were thrown.
  return decision!;
}

/** What to ask the person next; no fact is ever assumed. */
export function missingFacts({ findings }: Decision): string[] {
  return [...new Set(findings.flatMap((finding) => finding.missingFacts))].sort();
}
