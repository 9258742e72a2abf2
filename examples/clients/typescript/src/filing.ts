// A mutation answers the changed object or a refusal, after which nothing has changed.
import { randomUUID } from 'node:crypto';

import type { GraphQLClient } from 'graphql-request';

import { graphql } from './graph/index.js';
import type {
  CreateApplicationInput,
  RefusalPartsFragment,
  RegisterApplicantInput,
  SubmitApplicationInput,
} from './graph/graphql.js';

graphql(`
  fragment RefusalParts on Refusal {
    __typename
    code
    message
    field
    ... on ActionRefused {
      missingFacts
      findings {
        rule
        outcome
        message
        source {
          document
          clause
        }
      }
    }
  }
`);

const REGISTER = graphql(`
  mutation Register($input: RegisterApplicantInput!) {
    registerApplicant(input: $input) {
      __typename
      ... on Applicant {
        id
        name
      }
      ...RefusalParts
    }
  }
`);

const CREATE = graphql(`
  mutation Create($input: CreateApplicationInput!) {
    createApplication(input: $input) {
      __typename
      ... on Application {
        id
        state
        openingCode
      }
      ...RefusalParts
    }
  }
`);

const SUBMIT = graphql(`
  mutation Submit($input: SubmitApplicationInput!) {
    submitApplication(input: $input) {
      __typename
      ... on Application {
        id
        state
        openingCode
      }
      ...RefusalParts
    }
  }
`);

const ROUNDS = graphql(`
  query Rounds($opening: String!) {
    opening(code: $opening) {
      rounds {
        code
        windows {
          kind
          isOpen
        }
      }
    }
  }
`);

export type Refusal = RefusalPartsFragment;

/** A refusal that this program has no answer to. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(`${refusal.code}: ${refusal.message}`);
  }
}

/** Return what was asked for; throw the refusal that came instead. */
export function granted<T extends { __typename: string }>(
  answer: T | Refusal | null | undefined,
): Exclude<T, Refusal> {
  // It is null only beside an error, and errors were thrown.
  if (!answer) throw new Error('no answer');
  switch (answer.__typename) {
    case 'ActionRefused':
    case 'InvalidInput':
    case 'PluginProblem':
      throw new Refused(answer as Refusal);
    default:
      return answer as Exclude<T, Refusal>;
  }
}

// A repeated key repeats the answer and not the deed, so requests may be sent again after a failure.
const once = <T extends object>(input: T): T & { idempotencyKey: string } => ({
  ...input,
  idempotencyKey: randomUUID(),
});

export async function register(http: GraphQLClient, input: RegisterApplicantInput) {
  return granted((await http.request(REGISTER, { input: once(input) })).registerApplicant);
}

async function create(http: GraphQLClient, input: CreateApplicationInput) {
  return granted((await http.request(CREATE, { input: once(input) })).createApplication);
}

/** Begin an application. Which round, is looked up where the opening has several. */
export async function begin(
  http: GraphQLClient,
  opening: string,
  told: (refusal: Refusal) => void,
): Promise<Awaited<ReturnType<typeof create>>> {
  try {
    return await create(http, { opening });
  } catch (error) {
    // Decide by `code`; `message` is for people, in their language.
    if (!(error instanceof Refused) || error.refusal.code !== 'ROUND_UNKNOWN') throw error;
    told(error.refusal);
  }
  const rounds = (await http.request(ROUNDS, { opening })).opening?.rounds ?? [];
  const open = rounds.find(({ windows }) => windows.some(({ isOpen }) => isOpen)) ?? rounds[0];
  return create(http, { opening, ...(open === undefined ? {} : { round: open.code }) });
}

export async function submit(http: GraphQLClient, input: SubmitApplicationInput) {
  return granted((await http.request(SUBMIT, { input: once(input) })).submitApplication);
}
