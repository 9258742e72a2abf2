// Judges a running graph as a subgraph: node federation.mjs SETTINGS.json
//
// Composes it alone and with others, makes contracts, and asks it through gateways. The settings hold
// `url`, `secret`, `token` (of somebody signed in) and `texts` (files of the subgraph by the way in
// which access is told). Prints one JSON object for each finding. The packages are those of the folder
// that this was started in.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { composeServices } = require('@apollo/composition');
const { ApolloGateway, RemoteGraphQLDataSource } = require('@apollo/gateway');
const { ApolloServer } = require('@apollo/server');
const { startStandaloneServer } = require('@apollo/server/standalone');
const { buildSubgraphSchema } = require('@apollo/subgraph');
const { Trace } = require('@apollo/usage-reporting-protobuf');
const { createGatewayRuntime } = require('@graphql-hive/gateway-runtime');
const federation = require('@theguild/federation-composition');
const { GraphQLError, buildSchema, parse } = require('graphql');

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const SECRET = { 'x-gateway-secret': settings.secret };
const ENGLISH = { 'accept-language': 'en' };

// What is found

const found = [];

function note(name, problem = null) {
  found.push(name);
  console.log(JSON.stringify({ name, ok: problem === null, problem }));
}

async function judge(name, work) {
  try {
    note(name, (await work()) ?? null);
  } catch (error) {
    note(name, `${error.stack ?? error}`.slice(0, 2000));
  }
}

/** Say where two values differ first; null where they do not. */
function difference(given, wanted, path = '') {
  if (Object.is(given, wanted)) return null;
  const isObject = (value) => typeof value === 'object' && value !== null;
  if (!isObject(given) || !isObject(wanted)) {
    return `${path || '.'}: ${JSON.stringify(given)} is not ${JSON.stringify(wanted)}`;
  }
  for (const key of new Set([...Object.keys(given), ...Object.keys(wanted)])) {
    const inner = difference(given[key], wanted[key], `${path}.${key}`);
    if (inner) return inner;
  }
  return null;
}

/** Return errors that are not a gateway's own, of a reference to what zhupei says is not there. */
function ours(errors) {
  return (errors ?? []).filter(({ message }) => !/non-null/i.test(message));
}

async function post(url, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

const ask = (query, headers = ENGLISH) => post(settings.url, { query }, headers);

// A subgraph of somebody else, whose figures follow from codes

const beds = (code) => code.length;
const reserved = (code) => code.length % 7;

const CITY = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
    import: ["@key", "@external", "@requires", "@shareable", "@tag"])
  type Query { rooms: [Room!]! @tag(name: "public") }
  type Room @key(fields: "id") {
    id: ID! @tag(name: "public")
    base: Base
    opening: Opening
    program: Program
    province: Province
    specialty: Specialty
    jurisdiction: Jurisdiction
    trainee: Trainee
    application: Application
    pages: PageInfo
  }
  type Base @key(fields: "code") {
    code: String!
    beds: Int @tag(name: "public")
    broken: Int
  }
  type Opening @key(fields: "code") {
    code: String!
    quota: Int @external
    reserved: Int
    houses: Boolean @requires(fields: "quota")
  }
  type Program @key(fields: "code") { code: String! rooms: Int }
  type Province @key(fields: "code") { code: String! rooms: Int }
  type Jurisdiction @key(fields: "code") { code: String! rooms: Int }
  type Specialty @key(fields: "code") { code: String! textbooks: [String!]! }
  type Trainee @key(fields: "id") { id: ID! room: Room }
  type Application @key(fields: "id") { id: ID! wishes: String }
  type PageInfo @shareable {
    hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
  }
`);
const ROW = '5bc7ac0e-9f7e-4a8c-8b5c-1b2c3d4e5f60';

function citySchema(catalogue) {
  const { bases, openings } = catalogue;
  const one = (typename, key, value) => value && { __typename: typename, [key]: value };
  const rooms = [
    ...bases.map(({ code }, at) => ({ id: `b${at}`, base: code })),
    ...openings.slice(0, 40).map((each, at) => ({
      id: `o${at}`,
      opening: each.code,
      program: each.program.code,
      specialty: each.specialty?.code,
      province: each.base.province?.code,
      jurisdiction: each.base.jurisdictions[0]?.code,
    })),
    { id: 'ghost', base: 'no-such-hospital', opening: 'no-such/0100' },
    { id: 'person', trainee: ROW, application: ROW },
  ];
  return buildSubgraphSchema({
    typeDefs: CITY,
    resolvers: {
      Query: { rooms: () => rooms },
      Room: {
        base: (room) => one('Base', 'code', room.base),
        opening: (room) => one('Opening', 'code', room.opening),
        program: (room) => one('Program', 'code', room.program),
        province: (room) => one('Province', 'code', room.province),
        specialty: (room) => one('Specialty', 'code', room.specialty),
        jurisdiction: (room) => one('Jurisdiction', 'code', room.jurisdiction),
        trainee: (room) => one('Trainee', 'id', room.trainee),
        application: (room) => one('Application', 'id', room.application),
        pages: () => ({ hasNextPage: false, hasPreviousPage: false }),
      },
      Base: {
        beds: ({ code }) => beds(code),
        broken: () => {
          throw new GraphQLError('out of order', { extensions: { code: 'OUT_OF_ORDER' } });
        },
      },
      Opening: {
        reserved: ({ code }) => reserved(code),
        houses: ({ code, quota }) => (quota == null ? null : reserved(code) >= quota),
      },
      Program: { rooms: ({ code }) => beds(code) },
      Province: { rooms: ({ code }) => beds(code) },
      Jurisdiction: { rooms: ({ code }) => beds(code) },
      Specialty: { textbooks: ({ code }) => [`${code}-1`, `${code}-2`] },
      Trainee: { room: () => rooms[0] },
      Application: { wishes: () => 'a view' },
    },
  });
}

// One that knows bases by their global ids alone; one of its files names what is none.

const ARCHIVE = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { files: [File!]! }
  type File { base: Base }
  type Base @key(fields: "id") { id: ID! shelf: Int }
`);

function archiveSchema({ bases }) {
  const ids = [bases[0].id, 'this is no id', ...bases.slice(1).map(({ id }) => id)];
  return buildSubgraphSchema({
    typeDefs: ARCHIVE,
    resolvers: {
      Query: { files: () => ids.map((id) => ({ base: { __typename: 'Base', id } })) },
      Base: { shelf: ({ id }) => beds(id) },
    },
  });
}

async function serve(schema) {
  const logger = { debug() {}, info() {}, warn() {}, error: console.error };
  const server = new ApolloServer({ schema, logger });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  return { url, stop: () => server.stop() };
}

// Composition

function services(text, ...more) {
  return [{ name: 'zhupei', url: settings.url, typeDefs: parse(text) }, ...more];
}

function composed(result, hints = true) {
  if (result.errors?.length) return result.errors.map(({ message }) => message).join('; ');
  if (hints && result.hints?.length) return result.hints.map((hint) => `${hint}`).join('; ');
  return result.supergraphSdl ? null : 'no supergraph';
}

/** Return the names of the fields of a type of a contract's schema for clients. */
function fieldsOf(sdl, type) {
  return Object.keys(buildSchema(sdl).getType(type)?.getFields?.() ?? {});
}

async function judgeComposition(text, others) {
  for (const [access, file] of Object.entries(settings.texts)) {
    const variant = readFileSync(file, 'utf8');
    await judge(`@apollo/composition: alone, access told as ${access}`, () =>
      composed(composeServices(services(variant))));
    await judge(`@apollo/composition: with another, access told as ${access}`, () =>
      composed(composeServices(services(variant, ...others))));
    if (access === 'authenticated' || access === 'policies') continue;
    await judge(`@theguild/federation-composition: with another, access told as ${access}`, () =>
      composed(federation.composeServices(services(variant, ...others)), false));
  }
  await judge('what is served is what was printed', () =>
    difference(text, readFileSync(settings.texts.none, 'utf8')));
  const contracts = {
    public: { include: ['public'], query: ['bases', 'rooms'], without: ['viewer', 'trainees', 'ranking'] },
    applicant: { include: ['public', 'applicant'], query: ['viewer', 'trainees'], without: ['ranking', 'accounts'] },
    staff: { include: ['public', 'staff'], query: ['ranking', 'accounts'], without: [] },
  };
  for (const [name, { include, query, without }] of Object.entries(contracts)) {
    await judge(`a contract for ${name}`, () => {
      const tags = { include: new Set(include), exclude: new Set() };
      const result = federation.composeSchemaContract(services(text, ...others), tags, true);
      const problem = composed(result, false);
      if (problem) return problem;
      const shown = fieldsOf(result.publicSdl, 'Query');
      const missing = query.filter((each) => !shown.includes(each));
      const leaked = without.filter((each) => shown.includes(each));
      if (missing.length || leaked.length) return `missing ${missing}, leaked ${leaked}`;
      const mutations = fieldsOf(result.publicSdl, 'Mutation');
      if ((name === 'public') !== (mutations.length === 0)) return `mutations: ${mutations}`;
      return null;
    });
  }
}

// Questions through a gateway

const QUESTIONS = {
  'fields of another on every base': {
    query: '{ bases(first: 100) { edges { node { code name beds } } } }',
    async check({ data }) {
      const direct = await ask('{ bases(first: 100) { edges { node { code name } } } }');
      for (const { node } of direct.data.bases.edges) node.beds = beds(node.code);
      return difference(data, direct.data);
    },
  },
  'openings with what is reckoned from their places': {
    query: `query($first: Int!) { openings(first: $first) {
      totalCount edges { node { code quota reserved houses base { code beds } } } } }`,
    variables: { first: 100 },
    async check({ data }) {
      const direct = await ask(
        '{ openings(first: 100) { totalCount edges { node { code quota base { code } } } } }');
      for (const { node } of direct.data.openings.edges) {
        node.reserved = reserved(node.code);
        node.houses = node.quota === null ? null : node.reserved >= node.quota;
        node.base.beds = beds(node.base.code);
      }
      return difference(
        data.openings,
        direct.data.openings);
    },
  },
  'entities of zhupei in another\'s list, by code': {
    query: `{ rooms { id base { code name province { name } beds }
      opening { code quota specialtyName reserved houses } program { code name rooms }
      province { code name rooms } jurisdiction { code name rooms } specialty { code name textbooks } } }`,
    async check({ data, errors }, { bases, openings }) {
      if (ours(errors).length) return JSON.stringify(errors);
      const byBase = new Map(bases.map((base) => [base.code, base]));
      const byOpening = new Map(openings.map((opening) => [opening.code, opening]));
      for (const room of data.rooms) {
        if (room.base && room.id !== 'ghost') {
          const { name, province, code } = byBase.get(room.base.code);
          const wanted = { code, name, province: province && { name: province.name }, beds: beds(code) };
          const problem = difference(room.base, wanted);
          if (problem) return problem;
        }
        if (room.opening && room.id !== 'ghost') {
          const { code, quota, specialtyName } = byOpening.get(room.opening.code);
          const houses = quota === null ? null : reserved(code) >= quota;
          const problem = difference(room.opening, { code, quota, specialtyName, reserved: reserved(code), houses });
          if (problem) return problem;
          if (room.program.rooms !== beds(room.program.code) || !room.program.name) return 'program';
          if (room.specialty && (!room.specialty.name || room.specialty.textbooks.length !== 2)) return 'specialty';
          if (room.province && (!room.province.name || room.province.rooms !== 6)) return 'province';
        }
      }
      return data.rooms.length > bases.length ? null : 'too few rooms';
    },
  },
  'an entity by its global id': {
    query: '{ files { base { id shelf city { name } code } } bases(first: 1) { edges { node { shelf } } } }',
    async check({ data, errors }, { bases }) {
      const shown = data.files.filter(({ base }) => base?.code);
      if (shown.length !== bases.length) return `${shown.length} of ${bases.length}`;
      for (const { base } of shown) {
        const { id, code, city } = bases.find((each) => each.id === base.id);
        const problem = difference(base, { id, code, city, shelf: beds(id) });
        if (problem) return problem;
      }
      if (data.bases.edges[0].node.shelf !== beds(bases[0].id)) return 'the way back';
      // One file names a base by what is no id: it alone is null, with its error.
      const codes = (errors ?? []).map(({ extensions }) => extensions?.code);
      return codes.includes('BAD_USER_INPUT') ? null : JSON.stringify(errors);
    },
  },
  'what is gone is null, and the rest stands': {
    query: '{ rooms { id base { name } opening { specialtyName } } }',
    async check({ data, errors }, { bases }) {
      const ghost = data.rooms.find(({ id }) => id === 'ghost');
      const names = data.rooms.filter(({ base }) => base?.name).length;
      if (ghost.base?.name || ghost.opening?.specialtyName) return JSON.stringify(ghost);
      if (ours(errors).length) return JSON.stringify(errors);
      return names === bases.length ? null : `${names} of ${bases.length}`;
    },
  },
  'people are refused to the public, with the code': {
    query: '{ rooms { id trainee { state } application { state } } catalogueHash }',
    async check({ data, errors }) {
      const person = data.rooms.find(({ id }) => id === 'person');
      if (person.trainee?.state || person.application?.state) return JSON.stringify(person);
      if (!data.catalogueHash) return 'the rest does not stand';
      const codes = new Set(errors.map(({ extensions }) => extensions.code));
      return difference([...codes], ['UNAUTHENTICATED']);
    },
  },
  'who asks is forwarded': {
    query: '{ viewer { name } rooms { id trainee { state } } }',
    headers: () => ({ authorization: `Bearer ${settings.token}` }),
    async check({ data, errors }) {
      if (ours(errors).length) return JSON.stringify(errors);
      const person = data.rooms.find(({ id }) => id === 'person');
      if (person.trainee?.state) return JSON.stringify(person);
      return difference(data.viewer, { name: 'Gateway Tester' });
    },
  },
  'what another cannot answer is null, and ours stands': {
    query: '{ bases(first: 3) { edges { node { code broken } } } }',
    async check({ data, errors }) {
      const nodes = data.bases.edges.map(({ node }) => node);
      if (nodes.some(({ code, broken }) => !code || broken !== null)) return JSON.stringify(nodes);
      return errors.length === nodes.length ? null : JSON.stringify(errors);
    },
  },
  'a node by its id': {
    query: `query($id: ID!, $with: Boolean!) { node(id: $id) { __typename id
      ... on Base { ...Named beds @include(if: $with) skipped: beds @skip(if: $with) } } }
      fragment Named on Base { code called: name }`,
    variables: ({ bases }) => ({ id: bases[0].id, with: true }),
    async check({ data }, { bases }) {
      const { id, code, name } = bases[0];
      return difference({ ...data.node }, { __typename: 'Base', id, code, called: name, beds: beds(code) });
    },
  },
  'the language is forwarded': {
    query: '{ bases(first: 1) { edges { node { name beds } } } }',
    headers: () => ({ 'accept-language': 'zh' }),
    async check({ data }) {
      const direct = await ask('{ bases(first: 1) { edges { node { name } } } }', { 'accept-language': 'zh' });
      return difference(data.bases.edges[0].node.name, direct.data.bases.edges[0].node.name);
    },
  },
  'a refused input keeps its code and path': {
    query: '{ bases(first: 1) { totalCount } node(id: "no id") { id } }',
    async check({ data, errors }) {
      if (!data.bases.totalCount || data.node !== null) return JSON.stringify(data);
      const [{ path, extensions }] = errors;
      return difference({ path: [...path], code: extensions.code }, { path: ['node'], code: 'BAD_USER_INPUT' });
    },
  },
  'a mutation is refused to the public': {
    query: 'mutation { updateApplicant(input: { revision: 1, name: "x" }) { __typename } }',
    async check({ data, errors }) {
      if (data.updateApplicant !== null) return JSON.stringify(data);
      return difference(errors[0].extensions.code, 'UNAUTHENTICATED');
    },
  },
  'values that both know': {
    query: '{ rooms { pages { hasNextPage } } bases(first: 1) { pageInfo { hasNextPage } } }',
    async check({ data, errors }) {
      if (errors) return JSON.stringify(errors);
      return difference(data.rooms[0].pages.hasNextPage, false) ?? difference(data.bases.pageInfo.hasNextPage, true);
    },
  },
};

async function judgeGateway(name, execute, catalogue, most = Infinity) {
  for (const [question, { query, variables, headers, check }] of Object.entries(QUESTIONS).slice(0, most)) {
    await judge(`${name}: ${question}`, async () => {
      const given = typeof variables === 'function' ? variables(catalogue) : variables;
      const answer = await execute({ query, variables: given }, { ...ENGLISH, ...headers?.() });
      if (!answer.data) return JSON.stringify(answer.errors);
      return check(JSON.parse(JSON.stringify(answer)), catalogue);
    });
  }
}

const FORWARDED = ['authorization', 'accept-language'];

async function judgeApollo(supergraphSdl, catalogue) {
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: { debug() {}, info() {}, warn() {}, error: console.error },
    buildService: ({ url }) =>
      new RemoteGraphQLDataSource({
        url,
        willSendRequest({ request, context }) {
          for (const header of FORWARDED) {
            if (context.headers?.[header]) request.http.headers.set(header, context.headers[header]);
          }
        },
      }),
  });
  const server = new ApolloServer({ gateway });
  await server.start();
  await judgeGateway('@apollo/gateway', async (request, headers) => {
    const { body } = await server.executeOperation(request, { contextValue: { headers } });
    return body.singleResult;
  }, catalogue);
  await server.stop();
}

async function judgeHive(name, supergraph, catalogue, most) {
  const gateway = createGatewayRuntime({
    supergraph,
    logging: false,
    maskedErrors: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) =>
        Object.fromEntries(FORWARDED.map((header) => [header, request.headers.get(header) ?? undefined])),
    },
  });
  const server = createServer(gateway);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/graphql`;
  await judgeGateway(name, (request, headers) => post(url, request, headers), catalogue, most);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await gateway[Symbol.asyncDispose]();
}

// Traces

function nodesOf(node, path = []) {
  const key = node.id === 'index' ? node.index : node.responseName;
  const here = key === undefined || (node.id === undefined && !path.length) ? path : [...path, key];
  return [[here, node], ...node.child.flatMap((child) => nodesOf(child, here))];
}

function pathsOf(value, path = []) {
  if (Array.isArray(value)) return value.flatMap((each, at) => pathsOf(each, [...path, at]));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]));
}

async function judgeTraces() {
  const query = `{ bases(first: 5) { edges { node { code contacts { phones { number } }
    openings(first: 5) { edges { node { code benefits { label } remainingSeats } } } } } }
    wrong: node(id: "no id") { id } }`;
  const headers = { ...SECRET, 'apollo-federation-include-trace': 'ftv1' };
  const answer = await post(settings.url, { query }, headers);
  await judge('a trace holds every value of the answer, with its times', () => {
    const trace = Trace.decode(Buffer.from(answer.extensions.ftv1, 'base64'));
    const nodes = new Map(nodesOf(trace.root).map(([path, node]) => [path.join('.'), node]));
    for (const path of pathsOf(answer.data)) {
      const node = nodes.get(path.join('.'));
      if (!node) return `no node at ${path.join('.')}`;
      if (typeof path.at(-1) === 'number') continue;
      if (!node.type || !node.parentType) return `no types at ${path.join('.')}`;
      const [start, end, all] = [node.startTime, node.endTime, trace.durationNs].map(Number);
      if (!(start <= end && end <= all)) return `times at ${path.join('.')}: ${start} ${end} ${all}`;
    }
    const [error] = nodes.get('wrong').error;
    return difference(error.message, '<masked>');
  });
  await judge('nobody else is given a trace', async () => {
    const plain = await post(settings.url, { query }, { ...headers, 'x-gateway-secret': 'x'.repeat(20) });
    return plain.extensions ? JSON.stringify(plain.extensions) : null;
  });
}

// All of it

const catalogue = await (async () => {
  const { data, errors } = await ask(`{
    bases(first: 100) { edges { node { id code name province { name } city { name } } } }
    openings(first: 100) { edges { node { code quota specialtyName program { code }
      specialty { code } base { province { code } jurisdictions { code } } } } } }`);
  if (errors) throw new Error(JSON.stringify(errors));
  const nodes = ({ edges }) => edges.map(({ node }) => node);
  return { bases: nodes(data.bases), openings: nodes(data.openings) };
})();

const city = await serve(citySchema(catalogue));
const archive = await serve(archiveSchema(catalogue));
const others = [
  { name: 'city', url: city.url, typeDefs: CITY },
  { name: 'archive', url: archive.url, typeDefs: ARCHIVE },
];
const text = (await post(settings.url, { query: '{ _service { sdl } }' }, SECRET)).data._service.sdl;

await judgeComposition(text, others);
const { supergraphSdl } = composeServices(services(text, ...others));
await judgeApollo(supergraphSdl, catalogue);
await judgeHive('Hive Gateway', supergraphSdl, catalogue);
const scoped = composeServices(services(readFileSync(settings.texts.scopes, 'utf8'), ...others));
await judgeHive('Hive Gateway, with scopes told', scoped.supergraphSdl, catalogue, 3);
await judgeTraces();
await Promise.all([city.stop(), archive.stop()]);
process.exit(0);
