import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { CallContext } from '../ports.ts';
import { snowflakeAuth } from './auth.ts';
import { snowflakeCredentialsSchema, type SnowflakeOptions } from './options.ts';

export interface Statement {
  readonly sql: string;
  /** Texts for the placeholders. */
  readonly binds?: readonly string[];
  /** Whether a lost answer leaves doubt; it is then sent again under the same request ID. */
  readonly writes: boolean;
  readonly object: string;
}

/** The result, by column name as the statement gave it. */
export type ResultRow = Readonly<Record<string, string | null>>;

export interface Snowflake {
  readonly system: string;
  /** Waits until the statement has ended. @throws SystemFailure */
  run(statement: Statement, context: CallContext): Promise<ResultRow[]>;
}

const STATEMENTS = '/api/v2/statements';
const FIRST_POLL_MS = 200;
const LONGEST_POLL_MS = 5000;

const cells = z.array(z.array(z.string().nullable()));
const finished = z.object({
  statementHandle: z.string().min(1),
  resultSetMetaData: z.object({ rowType: z.array(z.object({ name: z.string() })), partitionInfo: z.array(z.looseObject({})).default([{}]) }),
  data: cells,
});
const partition = z.object({ data: cells });
const running = z.object({ statementHandle: z.string().min(1) }).transform(({ statementHandle }) => ({ statementHandle, data: null, resultSetMetaData: null }));
const statementAnswer = z.union([finished, running]);

export function createSnowflakeClient(settings: ConnectorSettings, options: SnowflakeOptions): Snowflake {
  const auth = snowflakeAuth(settings, snowflakeCredentialsSchema.parse(settings.credentials));
  const http = createHttpClient({ ...settings, auth, classify: auth.classify, headers: { 'user-agent': 'q2c-warehouse/1.0' } });
  const { database, schema, warehouse, role, statementSeconds } = options;

  const submit = async ({ sql, binds = [], writes, object }: Statement, context: CallContext) => {
    const body = {
      statement: sql,
      timeout: statementSeconds,
      database,
      schema,
      warehouse,
      role,
      ...(binds.length === 0 ? {} : { bindings: Object.fromEntries(binds.map((value, index) => [String(index + 1), { type: 'TEXT', value }])) }),
      parameters: { timezone: 'UTC', query_tag: `q2c ${object}`.slice(0, 200) },
    };
    // Only a write is worth the look through the statement history that `retry` costs.
    const query: Record<string, string> = writes ? { requestId: requestIdOf(context.idempotencyKey, body), retry: 'true' } : { requestId: randomUUID() };
    return await http.request({ method: 'POST', path: STATEMENTS, query, json: body, answer: statementAnswer, object, writes, context });
  };

  const cancel = async (handle: string, object: string) => {
    await http.request({ method: 'POST', path: `${STATEMENTS}/${handle}/cancel`, answer: emptyAnswer, object, writes: false, context: detachedContext(settings.log) }).catch(() => undefined);
  };

  /** Asks until the statement has ended; Snowflake itself ends it after `statementSeconds`. */
  const wait = async (handle: string, { object, writes }: Statement, context: CallContext) => {
    const path = `${STATEMENTS}/${handle}`;
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.6, LONGEST_POLL_MS)) {
      try {
        await sleep(pause, undefined, { signal: context.signal });
        const { body, status } = await http.request({ method: 'GET', path, answer: statementAnswer, object, writes, context });
        if (status !== 202 && body.resultSetMetaData !== null) return body;
      } catch (error) {
        if (context.signal.aborted) await cancel(handle, object);
        throw error;
      }
    }
  };

  return {
    system: settings.system,
    async run(statement, context) {
      const { object } = statement;
      const first = await submit(statement, context);
      const result = first.status === 202 || first.body.resultSetMetaData === null ? await wait(first.body.statementHandle, statement, context) : first.body;
      const { rowType, partitionInfo } = result.resultSetMetaData;
      const rows = [...result.data];
      for (let number = 1; number < partitionInfo.length; number += 1) {
        const { body } = await http.request({ method: 'GET', path: `${STATEMENTS}/${result.statementHandle}`, query: { partition: String(number) }, answer: partition, object, writes: false, context });
        rows.push(...body.data);
      }
      return rows.map((row) => Object.fromEntries(rowType.map(({ name }, index) => [name, row[index] ?? null])));
    },
  };
}

/** The same for the same request of the same step, so that Snowflake can tell that it has run already; another content is another request. */
function requestIdOf(idempotencyKey: string, body: object): string {
  const hash = createHash('sha256').update(idempotencyKey).update('\0').update(JSON.stringify(body)).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
