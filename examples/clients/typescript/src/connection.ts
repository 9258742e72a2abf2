// Where zhupei is, and how to speak to it: one address, over HTTP and over a WebSocket.
import { GraphQLClient } from 'graphql-request';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export const GRAPH = process.env.GRAPH_URL ?? 'http://127.0.0.1:8000/graphql';
const LANGUAGE = process.env.GRAPH_LANGUAGE ?? 'en';

export interface Connection {
  http: GraphQLClient;
  socket: Client;
}

/** Connect as whom the token belongs to, or as the public. */
export function connect(token?: string): Connection {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...authorization, 'accept-language': LANGUAGE };
  return {
    http: new GraphQLClient(GRAPH, { headers }),
    // A browser cannot set headers of a WebSocket, so they go into `connection_init`.
    socket: createClient({
      url: GRAPH.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: headers,
    }),
  };
}

/** Make an applicant's account; return its token. */
export async function signUp(login: string, password: string, name: string): Promise<string> {
  const response = await fetch(new URL('/sign-up', GRAPH), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-language': LANGUAGE },
    body: JSON.stringify({ login, password, name }),
  });
  const body = (await response.json()) as {
    access_token?: string;
    errors?: { message: string; extensions: { code: string } }[];
  };
  if (body.access_token === undefined) throw new Error(body.errors?.[0]?.message);
  return body.access_token;
}
