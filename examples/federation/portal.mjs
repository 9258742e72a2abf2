// A portal over several servers of zhupei, each with bases and people of its own: what `server.bases`
// asks stands below the server's name, and everything keeps the types that it has at each of them.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { stitchSchemas } from '@graphql-tools/stitch';
import { TransformRootFields, WrapType } from '@graphql-tools/wrap';
import { GraphQLError, GraphQLSchema, buildSchema, getNullableType, print } from 'graphql';

/** Ask a server; its errors stay as they are, with their codes. */
async function post({ name, url }, { document, variables, context }) {
  const language = context?.headers?.['accept-language'];
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(language && { 'accept-language': language }) },
    body: JSON.stringify({ query: print(document), variables }),
  }).catch(() => null);
  if (response === null) {
    const extensions = { code: 'SERVER_UNREACHABLE' };
    return { errors: [new GraphQLError(`${name} cannot be reached`, { extensions })] };
  }
  const { data, errors } = await response.json();
  return { data, errors: errors?.map(({ message, ...rest }) => new GraphQLError(message, rest)) };
}

/** Return what may be asked of a graph, and nothing that changes or watches it. */
function questionsOf(text) {
  const { types, ...config } = buildSchema(text).toConfig();
  const left = types.filter(({ name }) => name !== 'Mutation' && name !== 'Subscription');
  return new GraphQLSchema({ ...config, types: left, mutation: null, subscription: null });
}

/** Put a server's questions below its name. */
function below({ name, text, url }) {
  return {
    // Tokens are of one server each: whoever applies somewhere does so there, with its token.
    schema: questionsOf(text),
    executor: (request) => post({ name, url }, request),
    transforms: [
      new WrapType('Query', `${name[0].toUpperCase()}${name.slice(1)}Query`, name),
      // Null where the server is away, so that the others' answers stand.
      new TransformRootFields((_operation, _name, field) => ({
        ...field,
        type: getNullableType(field.type),
      })),
    ],
  };
}

/**
 * Serve several servers as one graph, on any free port unless one is given.
 *
 * Each has a `name`, a `url` and the `text` of its graph (`zhupei schema`).
 */
export async function startPortal(servers, port = 0) {
  const server = new ApolloServer({ schema: stitchSchemas({ subschemas: servers.map(below) }) });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ headers: req.headers }),
  });
  return { url, stop: () => server.stop() };
}
