// One environment: a store that keeps every object under its `id`, and the way to the graph.
import { Environment, Network, RecordSource, Store, type FetchFunction } from 'relay-runtime';

export const GRAPH = process.env.GRAPH_URL ?? 'http://127.0.0.1:8000/graphql';
const LANGUAGE = process.env.GRAPH_LANGUAGE ?? 'en';

/** What was answered, in order: the name of each operation. */
export const asked: string[] = [];

const ask: FetchFunction = async ({ name, text }, variables) => {
  const response = await fetch(GRAPH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-language': LANGUAGE },
    body: JSON.stringify({ query: text, variables }),
  });
  const answer = await response.json();
  asked.push(name);
  return answer;
};

export const environment = new Environment({
  network: Network.create(ask),
  store: new Store(new RecordSource()),
});
