import { Suspense } from 'react';
import { graphql, RelayEnvironmentProvider, useLazyLoadQuery } from 'react-relay';

import type { AppQuery } from './__generated__/AppQuery.graphql';
import { environment } from './environment';
import { OpeningList } from './OpeningList';

function Openings({ text }: { text: string | null }) {
  const query = useLazyLoadQuery<AppQuery>(
    graphql`
      query AppQuery($filter: OpeningFilter) {
        ...OpeningList_query @arguments(filter: $filter)
      }
    `,
    { filter: { kind: 'RESIDENCY', text } },
  );
  return <OpeningList query={query} />;
}

export function App({ text }: { text: string | null }) {
  return (
    <RelayEnvironmentProvider environment={environment}>
      <Suspense fallback={<p>…</p>}>
        <Openings text={text} />
      </Suspense>
    </RelayEnvironmentProvider>
  );
}
