// A hospital's own subgraph: what zhupei does not know of its bases and openings. All figures are
// made up.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

const DORMITORIES = [
  { id: 'east-1', name: '东院一号楼', bedsFree: 12, base: 'east-hospital' },
  { id: 'east-2', name: '东院二号楼', bedsFree: 0, base: 'east-hospital' },
  { id: 'west-1', name: '西院公寓', bedsFree: 3, base: 'west-hospital' },
];
const RESERVED = {
  'east-hospital-residency-2026/0100': 8,
  'east-hospital-residency-2026/0200': 4,
  'west-hospital-residency-2026/0100': 3,
};

export const typeDefs = parse(readFileSync(new URL('hospital.graphql', import.meta.url), 'utf8'));

export const resolvers = {
  Query: {
    dormitories: () => DORMITORIES,
  },
  Dormitory: {
    __resolveReference: ({ id }) => DORMITORIES.find((each) => each.id === id),
    base: ({ base }) => ({ __typename: 'Base', code: base }),
  },
  Base: {
    dormitories: ({ code }) => DORMITORIES.filter(({ base }) => base === code),
  },
  Opening: {
    bedsReserved: ({ code }) => RESERVED[code] ?? null,
    housesEverybody: ({ code, quota }) =>
      quota == null || !(code in RESERVED) ? null : RESERVED[code] >= quota,
  },
};

/** Serve it, on any free port unless one is given. */
export async function startHospital(port = 0) {
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs, resolvers }),
    plugins: [ApolloServerPluginInlineTrace()],
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port } });
  return { url, stop: () => server.stop() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startHospital(4001);
  console.log(`hospital: ${url}`);
}
