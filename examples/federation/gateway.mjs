// A gateway: asks each subgraph for its text, composes them, and answers questions to all of them.
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** Return the text of a subgraph; one in production gives it to gateways that know its secret. */
async function textOf({ url, headers = {} }) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${url}: ${errors[0].message}`);
  return data._service.sdl;
}

/** Compose subgraphs; fail with every reason where they do not fit together. */
export async function compose(subgraphs) {
  const services = await Promise.all(
    subgraphs.map(async (subgraph) => ({
      name: subgraph.name,
      url: subgraph.url,
      typeDefs: parse(await textOf(subgraph)),
    })),
  );
  const { supergraphSdl, errors } = composeServices(services);
  if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

class Subgraph extends RemoteGraphQLDataSource {
  constructor(subgraph) {
    super({ url: subgraph.url });
    this.headers = subgraph.headers ?? {};
  }

  willSendRequest({ request, context }) {
    // Who asks, and in which language: zhupei decides what they may see.
    for (const name of ['authorization', 'accept-language']) {
      if (context.headers?.[name]) request.http.headers.set(name, context.headers[name]);
    }
    for (const [name, value] of Object.entries(this.headers)) request.http.headers.set(name, value);
  }
}

/** Serve the subgraphs as one graph, on any free port unless one is given. */
export async function startGateway(subgraphs, port = 0) {
  const byName = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const gateway = new ApolloGateway({
    supergraphSdl: await compose(subgraphs),
    buildService: ({ name }) => new Subgraph(byName.get(name)),
    logger: { debug() {}, info() {}, warn: console.warn, error: console.error },
  });
  const server = new ApolloServer({ gateway });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ headers: req.headers }),
  });
  return { url, stop: () => server.stop() };
}
