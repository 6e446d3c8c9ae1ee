import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { alone, beside, type Findings } from '../support/findings.ts';
import { asTable } from '../support/report.ts';
import type { Stage } from './stage-process.ts';

const SEEDED_AT_ONCE = 5_000;
const sampleSchema = z.object({ records: z.number(), heapMb: z.number(), buffersMb: z.number(), rssMb: z.number() });
const resultSchema = z.object({ samples: z.array(sampleSchema).min(2), took: z.number(), failure: z.string().nullable() });

/** People read from HR over SCIM, a thousand a page, by a process of its own: what its heap and its buffers hold after each part of them, once collected. */
export async function paging(stage: Stage, records: number): Promise<Findings> {
  for (let from = 0; from < records; from += SEEDED_AT_ONCE) {
    const users = Array.from({ length: Math.min(SEEDED_AT_ONCE, records - from) }, (_, index) => aUser(from + index));
    const answer = await fetch(`${stage.scim}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ users }) });
    if (!answer.ok) throw new Error(`the HR sandbox took no people: ${answer.status} ${await answer.text()}`);
  }
  const child = fork(join(import.meta.dirname, 'pager.ts'), { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ baseUrl: `${stage.scim}/scim/v2`, credentials: stage.credentials.scim, every: Math.ceil(records / 10) });
  const [message] = z.array(z.unknown()).parse(await once(child, 'message'));
  const { samples, took, failure } = resultSchema.parse(message);
  if (failure !== null) throw new Error(failure);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was paged through');
  return {
    measures: [
      beside('heap_mb_after_paging', last.heapMb, 'MB', `after ${first.records} records`, first.heapMb),
      beside('buffers_mb_after_paging', last.buffersMb, 'MB', `after ${first.records} records`, first.buffersMb),
      alone('records_per_second_paging', (last.records / took) * 1000, 'records/s'),
    ],
    report: [`Paging: ${last.records} people over SCIM in ${(took / 1000).toFixed(1)} s; what the reader holds after a collection:`, asTable([['records', 'heap', 'buffers', 'resident'], ...samples.map(({ records: seen, heapMb, buffersMb, rssMb }) => [String(seen), `${heapMb.toFixed(1)} MB`, `${buffersMb.toFixed(1)} MB`, `${rssMb.toFixed(0)} MB`])])].join('\n'),
    failed: last.records !== records,
  };
}

function aUser(number: number): object {
  const email = `person.${number}@northwind-consulting.example`;
  return { userName: email, externalId: `E${number}`, active: true, name: { givenName: 'Person', familyName: `Number ${number}` }, emails: [{ value: email, primary: true, type: 'work' }] };
}
