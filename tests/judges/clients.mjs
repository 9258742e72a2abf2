// Asks a running graph by real clients: node clients.mjs SETTINGS.json
//
// The settings hold `url` and `token` (of an applicant who is registered). Prints one JSON object for
// each client and what it did. The packages are those of the folder that this was started in.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { url, token } = settings;
const wsUrl = url.replace(/^http/, 'ws');
const headers = { authorization: `Bearer ${token}`, 'accept-language': 'en' };

const OPENING = 'query Opening($code: String!) { opening(code: $code) { id code quota } }';
const CODE = { code: 'hku-szh-residency-2026/0200' };
const WRONG = 'query Wrong { bases(first: 1000) { totalCount } }';
const CREATE =
  'mutation Create($input: CreateApplicationInput!) { createApplication(input: $input) {' +
  ' __typename ... on Refusal { code } } }';
const NO_ROUND = { input: { opening: CODE.code } };
const WATCH = 'subscription Watch($program: String!) { roundChanged(program: $program) { kind readAgain } }';
const PROGRAM = { program: 'hku-szh-residency-2026' };
const WHO = 'query Who { viewer { name } }';

function same(given, wanted) {
  const [is, should] = [JSON.stringify(given), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${is} is not ${should}`);
}
async function judge(client, what, work) {
  let problem = null;
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer within 10 s')), 10_000);
    });
    await Promise.race([work(), late]);
  } catch (error) {
    problem = `${error.stack ?? error}`.slice(0, 1500);
  }
  clearTimeout(timer);
  console.log(JSON.stringify({ client, what, ok: problem === null, problem }));
}
const seats = (data) => same([data.opening.code, data.opening.quota], [CODE.code, 4]);
const refused = (data) =>
  same(data.createApplication, { __typename: 'ActionRefused', code: 'ROUND_UNKNOWN' });
const watched = (data) => same([data.roundChanged.kind, data.roundChanged.readAgain], [null, true]);
const badInput = (errors) => same(errors[0].extensions.code, 'BAD_USER_INPUT');

/** Take the first value of an observable, then leave. */
function first(observable) {
  return new Promise((resolve, reject) => {
    let left = null;
    let done = false;
    left = observable.subscribe({
      next: (value) => {
        done = true;
        resolve(value);
        left?.unsubscribe();
      },
      error: reject,
      complete: () => reject(new Error('it ended before a first event')),
    });
    if (done) left.unsubscribe();
  });
}

// graphql-request
{
  const { GraphQLClient } = require('graphql-request');
  const client = new GraphQLClient(url, { headers });
  const name = 'graphql-request';
  await judge(name, 'query', async () => seats(await client.request(OPENING, CODE)));
  await judge(name, 'mutation refused', async () => refused(await client.request(CREATE, NO_ROUND)));
  await judge(name, 'error', async () => {
    const error = await client.request(WRONG).then(() => null, (reason) => reason);
    badInput(error.response.errors);
  });
  await judge(name, 'cancellation', async () => {
    const stop = new AbortController();
    const asked = client.request({ document: OPENING, variables: CODE, signal: stop.signal });
    stop.abort();
    same(await asked.then(() => 'answered', (reason) => reason.name), 'AbortError');
  });
}

// Apollo Client
{
  const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = require('@apollo/client');
  const { CombinedGraphQLErrors } = require('@apollo/client/errors');
  const { PersistedQueryLink } = require('@apollo/client/link/persisted-queries');
  const { GraphQLWsLink } = require('@apollo/client/link/subscriptions');
  const { createClient } = require('graphql-ws');
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const name = 'Apollo Client';
  const bodies = [];
  const counting = (address, options) => {
    bodies.push(`${address} ${options.body ?? ''}`);
    return fetch(address, options);
  };
  const http = () => new HttpLink({ uri: url, headers, fetch: counting });
  // Without them its cache drops what a fragment on an interface selects.
  const possibleTypes = { Refusal: ['ActionRefused', 'InvalidInput', 'PluginProblem'] };
  const made = (link) => new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  const client = made(http());
  await judge(name, 'query', async () =>
    seats((await client.query({ query: gql(OPENING), variables: CODE })).data));
  await judge(name, 'mutation refused', async () =>
    refused((await client.mutate({ mutation: gql(CREATE), variables: NO_ROUND })).data));
  await judge(name, 'error', async () => {
    const error = await client.query({ query: gql(WRONG) }).then(() => null, (reason) => reason);
    same(CombinedGraphQLErrors.is(error), true);
    badInput(error.errors);
  });
  await judge(name, 'subscription, multipart', async () =>
    watched((await first(client.subscribe({ query: gql(WATCH), variables: PROGRAM }))).data));
  await judge(name, 'subscription, WebSocket', async () => {
    const socket = createClient({
      url: wsUrl,
      webSocketImpl: require('ws'),
      connectionParams: { authorization: headers.authorization },
    });
    const watching = made(new GraphQLWsLink(socket));
    watched((await first(watching.subscribe({ query: gql(WATCH), variables: PROGRAM }))).data);
    await socket.dispose();
  });
  await judge(name, 'persisted query (APQ)', async () => {
    const persisted = () =>
      made(ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries: true }), http()]));
    bodies.length = 0;
    const query = gql('query Persisted($code: String!) { opening(code: $code) { id code quota } }');
    seats((await persisted().query({ query, variables: CODE })).data);
    same(bodies.length, 2); // its hash is not known, then the text
    seats((await persisted().query({ query, variables: CODE })).data);
    same([bodies.length, bodies[2].includes('quota')], [3, false]);
  });
  await judge(name, 'cache keeps entries apart', async () => {
    const query = gql(
      'query Apart { openings(filter: { base: "hku-szh" }, orderBy: CODE, first: 4) { edges { node {' +
        ' id code requirements { key parameters { name value } } benefits { key label } } } }' +
        ' viewer { accountId name } }',
    );
    const { data } = await client.query({ query });
    const { data: sent } = await (await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: query.loc.source.body }),
    })).json();
    const without = ({ __typename, ...rest }) => rest;
    const plain = (value) => JSON.parse(JSON.stringify(value, (_, each) =>
      each && typeof each === 'object' && !Array.isArray(each) ? without(each) : each));
    same(plain(data), sent);
    const majors = sent.openings.edges.map(({ node }) =>
      JSON.stringify(node.requirements.find(({ key }) => key === 'major')));
    same(new Set(majors).size > 1, true);
  });
  await judge(name, 'cancellation', async () => {
    const stop = new AbortController();
    const asked = client.query({
      query: gql(OPENING),
      variables: CODE,
      fetchPolicy: 'network-only',
      context: { fetchOptions: { signal: stop.signal } },
    });
    stop.abort();
    same(await asked.then(() => 'answered', (reason) => reason.name), 'AbortError');
  });
}

// urql
{
  const { Client, fetchExchange, subscriptionExchange } = require('@urql/core');
  const { createClient } = require('graphql-ws');
  const name = 'urql';
  const options = { url, fetchOptions: { headers }, preferGetMethod: false };
  const client = new Client({ ...options, exchanges: [fetchExchange] });
  await judge(name, 'query', async () => seats((await client.query(OPENING, CODE)).data));
  await judge(name, 'mutation refused', async () =>
    refused((await client.mutation(CREATE, NO_ROUND)).data));
  await judge(name, 'error', async () =>
    badInput((await client.query(WRONG, {})).error.graphQLErrors));
  const events = new Client({ ...options, exchanges: [fetchExchange], fetchSubscriptions: true });
  const taken = (from) =>
    new Promise((resolve, reject) => {
      const { unsubscribe } = from.subscription(WATCH, PROGRAM).subscribe((result) => {
        if (result.error) reject(result.error);
        else resolve(result.data);
        queueMicrotask(() => unsubscribe());
      });
    });
  await judge(name, 'subscription, events', async () => watched(await taken(events)));
  await judge(name, 'query with events on', async () =>
    seats((await events.query(OPENING, CODE)).data));
  await judge(name, 'subscription, WebSocket', async () => {
    const socket = createClient({ url: wsUrl, webSocketImpl: require('ws') });
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe({ query: request.query ?? '', variables: request.variables }, sink),
      }),
    });
    const exchanges = [subscriptionExchange({ forwardSubscription }), fetchExchange];
    watched(await taken(new Client({ ...options, exchanges })));
    await socket.dispose();
  });
}

// graphql-ws and graphql-sse
{
  const over = {
    'graphql-ws': () =>
      require('graphql-ws').createClient({
        url: wsUrl,
        webSocketImpl: require('ws'),
        connectionParams: { authorization: headers.authorization, 'accept-language': 'en' },
      }),
    'graphql-sse': () => require('graphql-sse').createClient({ url, headers }),
  };
  for (const [name, connect] of Object.entries(over)) {
    const client = connect();
    const ask = async (query, variables) => {
      for await (const result of client.iterate({ query, variables })) return result;
      throw new Error('it ended without a result');
    };
    await judge(name, 'query', async () => seats((await ask(OPENING, CODE)).data));
    await judge(name, 'signed in', async () =>
      same((await ask(WHO)).data.viewer, { name: settings.name }));
    await judge(name, 'mutation refused', async () => refused((await ask(CREATE, NO_ROUND)).data));
    await judge(name, 'error', async () => badInput((await ask(WRONG)).errors));
    await judge(name, 'subscription', async () => watched((await ask(WATCH, PROGRAM)).data));
    await judge(name, 'invalid document', async () => {
      const told = await ask('{ nothing }').then((result) => result.errors, (reason) => reason);
      badInput(Array.isArray(told) ? told : await told.response.json().then(({ errors }) => errors));
    });
    await client.dispose();
  }
}

// Relay's store, over fetch
{
  const { Environment, Network, RecordSource, Store } = require('relay-runtime');
  const name = 'Relay (runtime)';
  const send = async ({ text }, variables) =>
    (await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    })).json();
  await judge(name, 'network', async () => {
    const environment = new Environment({
      network: Network.create(send),
      store: new Store(new RecordSource()),
    });
    const answer = await environment
      .getNetwork()
      .execute({ text: OPENING, name: 'Opening', operationKind: 'query' }, CODE, {})
      .toPromise();
    seats(answer.data);
    const node = await environment
      .getNetwork()
      .execute(
        { text: 'query Refetch($id: ID!) { node(id: $id) { __typename id } }', operationKind: 'query' },
        { id: answer.data.opening.id },
        {},
      )
      .toPromise();
    same(node.data.node, { __typename: 'Opening', id: answer.data.opening.id });
  });
}

// Clients keep connections for a while; all that is asked has been answered.
process.exit(0);
