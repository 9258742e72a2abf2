import { graphql, usePaginationFragment } from 'react-relay';

import type { OpeningList_query$key } from './__generated__/OpeningList_query.graphql';
import type { OpeningListMoreQuery } from './__generated__/OpeningListMoreQuery.graphql';
import { OpeningCard } from './OpeningCard';

interface Props {
  query: OpeningList_query$key;
}

/** A page of openings, and a button for the next. */
export function OpeningList({ query }: Props) {
  const { data, hasNext, loadNext } = usePaginationFragment<
    OpeningListMoreQuery,
    OpeningList_query$key
  >(
    graphql`
      fragment OpeningList_query on Query
      @refetchable(queryName: "OpeningListMoreQuery")
      @argumentDefinitions(
        filter: { type: "OpeningFilter" }
        count: { type: "Int", defaultValue: 4 }
        cursor: { type: "String" }
      ) {
        openings(filter: $filter, orderBy: CODE, first: $count, after: $cursor)
          @connection(key: "OpeningList_openings", filters: ["filter", "orderBy"]) {
          totalCount
          edges {
            node {
              id
              ...OpeningCard_opening
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <section>
      <h1>
        {data.openings.edges.length} / {data.openings.totalCount}
      </h1>
      <ol>
        {data.openings.edges.map(({ node }) => (
          <OpeningCard key={node.id} opening={node} />
        ))}
      </ol>
      {hasNext && <button onClick={() => loadNext(4)}>More</button>}
    </section>
  );
}
