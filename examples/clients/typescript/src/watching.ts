// An application as it changes. The first event is its present state, so nothing is missed.
import { print } from 'graphql';
import type { Client } from 'graphql-ws';

import { graphql } from './graph/index.js';
import type { ChangesSubscription, ChangesSubscriptionVariables } from './graph/graphql.js';

const CHANGES = graphql(`
  subscription Changes($id: ID!) {
    applicationChanged(id: $id) {
      readAgain
      application {
        id
        state
        stateLabel
      }
    }
  }
`);

/** Yield the states of an application; leave the loop to stop watching. */
export async function* states(socket: Client, id: string): AsyncGenerator<string> {
  const variables: ChangesSubscriptionVariables = { id };
  for await (const { data, errors } of socket.iterate<ChangesSubscription>({
    query: print(CHANGES),
    variables: { ...variables },
  })) {
    if (errors) throw new Error(errors[0]?.message);
    const application = data?.applicationChanged.application;
    if (application) yield application.state;
  }
}
