import { graphql, useRefetchableFragment } from 'react-relay';

import type { OpeningCard_opening$key } from './__generated__/OpeningCard_opening.graphql';
import type { OpeningCardAgainQuery } from './__generated__/OpeningCardAgainQuery.graphql';

interface Props {
  opening: OpeningCard_opening$key;
}

/** One opening. Since it is a `Node`, it can be asked for again alone, by its `id`. */
export function OpeningCard({ opening }: Props) {
  const [data, again] = useRefetchableFragment<OpeningCardAgainQuery, OpeningCard_opening$key>(
    graphql`
      fragment OpeningCard_opening on Opening @refetchable(queryName: "OpeningCardAgainQuery") {
        code
        specialtyName
        quota
        quotaNote
        base {
          name
        }
        requirements {
          # Not an id: other openings have requirements with the same keys.
          key
          label
          parameters {
            name
            value
          }
        }
      }
    `,
    opening,
  );
  return (
    <li data-code={data.code}>
      <h2>
        {data.specialtyName}, {data.base.name}: {data.quota ?? `? (${data.quotaNote})`}
      </h2>
      <ul>
        {data.requirements.map(({ key, label, parameters }) => (
          <li key={key} data-requirement={key}>
            {label} {parameters.map(({ name, value }) => `${name}=${value}`).join(' ')}
          </li>
        ))}
      </ul>
      <button onClick={() => again({}, { fetchPolicy: 'network-only' })}>Ask again</button>
    </li>
  );
}
