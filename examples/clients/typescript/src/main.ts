// Somebody who looks for a place: finds openings, asks whether she may apply, files an application,
// and watches what becomes of it.
import { randomBytes } from 'node:crypto';

import { connect, GRAPH, signUp } from './connection.js';
import { eligibility, missingFacts } from './deciding.js';
import { begin, Refused, register, submit } from './filing.js';
import type { CandidateInput } from './graph/graphql.js';
import { inWords, openings } from './searching.js';
import { states } from './watching.js';

const wanted = process.argv[2] ?? '儿科';
const letters = (bytes: number) =>
  randomBytes(bytes).toString('hex').replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!);

const candidate: CandidateInput = {
  origin: 'MAINLAND',
  traineeType: 'SOCIAL',
  licensed: false,
  english: { cet4: 480 },
  degrees: [
    {
      level: 'BACHELOR',
      majorCode: '100207TK',
      mainland: true,
      fullTime: true,
      recognised: true,
      graduationYear: 2025,
      awarded: true,
    },
  ],
};

async function main(): Promise<void> {
  console.log(`# ${GRAPH}`);
  const visitor = connect();

  let count = 0;
  for await (const _ of openings(visitor.http, { kind: 'RESIDENCY' }, 5)) count += 1;
  console.log(`openings of residencies, by pages of five: ${count}`);

  const found = [];
  for await (const opening of openings(visitor.http, { text: wanted, kind: 'RESIDENCY' })) {
    found.push(opening);
    console.log(`found: ${inWords(opening)}`);
  }
  const opening = found.find(({ isOpen }) => isOpen !== false) ?? found[0];
  if (opening === undefined) {
    console.log('found: nothing');
    return;
  }

  const { degrees: _, ...withoutDegrees } = candidate;
  const unsure = await eligibility(visitor.http, opening.code, withoutDegrees);
  console.log(`eligible: ${unsure.outcome}; ask for: ${missingFacts(unsure).join(', ')}`);
  const decision = await eligibility(visitor.http, opening.code, candidate);
  console.log(`eligible: ${decision.outcome}`);
  for (const { outcome, message, source } of decision.findings) {
    if (outcome === 'FAIL') console.log(`  ${message} (${source?.document} ${source?.clause})`);
  }

  const token = await signUp(`example-${letters(6)}`, letters(16), 'Example Applicant');
  const { http, socket } = connect(token);
  const applicant = await register(http, {
    identityKind: 'PASSPORT',
    issuingState: 'USA',
    identityNumber: `E${randomBytes(4).toString('hex').toUpperCase()}`.slice(0, 9),
    name: 'Example Applicant',
    facts: candidate,
  });
  console.log(`registered: ${applicant.name}`);

  const application = await begin(http, opening.code, ({ code, message }) =>
    console.log(`refused: ${code}: ${message}`),
  );
  for await (const state of states(socket, application.id)) {
    console.log(`watched: ${application.openingCode} is ${state}`);
    if (state !== 'DRAFT') break;
    await submit(http, { application: application.id });
  }
  await socket.dispose();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  // Not a fault: for instance, the registration is over. The clauses say why.
  const { refusal } = error;
  console.log(`refused: ${refusal.code}: ${refusal.message}`);
  if (refusal.__typename === 'ActionRefused') {
    for (const { message, source } of refusal.findings) {
      console.log(`  ${message} (${source?.document} ${source?.clause})`);
    }
  }
  process.exit();
}
