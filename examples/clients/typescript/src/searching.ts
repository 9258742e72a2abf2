// Openings: a page at a time, by cursors.
import type { GraphQLClient } from 'graphql-request';

import { graphql } from './graph/index.js';
import type { OpeningFilter, OpeningsQuery } from './graph/graphql.js';

const OPENINGS = graphql(`
  query Openings($filter: OpeningFilter, $first: Int!, $after: String) {
    openings(filter: $filter, orderBy: CODE, first: $first, after: $after) {
      totalCount
      edges {
        node {
          code
          specialtyName
          quota
          quotaNote
          isOpen
          base {
            name
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type FoundOpening = OpeningsQuery['openings']['edges'][number]['node'];

/** Yield the openings that a filter finds; the next page is asked for when it is needed. */
export async function* openings(
  http: GraphQLClient,
  filter: OpeningFilter,
  first = 20,
): AsyncGenerator<FoundOpening> {
  let after: string | null = null;
  for (;;) {
    const page: OpeningsQuery['openings'] = (
      await http.request(OPENINGS, { filter, first, after })
    ).openings;
    for (const { node } of page.edges) yield node;
    if (!page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor ?? null;
  }
}

/** Say an opening in a line. What is unknown is null, and its reason stands beside it. */
export function inWords({ code, specialtyName, quota, quotaNote, base }: FoundOpening): string {
  const places = quota === null || quota === undefined ? `? (${quotaNote})` : `${quota}`;
  return `${code}  ${specialtyName}, ${base.name}: ${places}`;
}
