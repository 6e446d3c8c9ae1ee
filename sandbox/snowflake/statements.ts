/**
 * Statements from their submission to their result: the session they name, the request ID by which one is known again, and the partitions of what
 * they answer. https://docs.snowflake.com/en/developer-guide/sql-api/submitting-requests, …/handling-responses
 */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { badRequest, Refusal, SqlError } from './errors.ts';
import { executor, type Result } from './execute.ts';
import type { SnowflakeOptions } from './options.ts';
import { parse, type Parsed } from './parse.ts';
import type { Value } from './values.ts';

export const SLOW_MODE = 'slow';
export const TIMEOUT_MODE = 'statement-timeout';
/** In the mode "slow" a statement runs when it is asked about for the second time. */
const ASKED_WHILE_RUNNING = 1;
const KEPT = 200;
/** Of a bound value, once its statement has ended. */
const KEPT_CHARACTERS = 2000;

const Binding = z.strictObject({ type: z.enum(['FIXED', 'REAL', 'TEXT', 'BOOLEAN', 'DATE', 'TIME', 'TIMESTAMP_TZ', 'TIMESTAMP_LTZ', 'TIMESTAMP_NTZ']), value: z.string().nullable() });
export const Body = z.strictObject({
  statement: z.string().min(1),
  timeout: z.int().min(0).optional(),
  database: z.string().optional(),
  schema: z.string().optional(),
  warehouse: z.string().optional(),
  role: z.string().optional(),
  bindings: z.record(z.string().regex(/^[1-9]\d*$/), Binding).optional(),
  parameters: z.looseObject({}).optional(),
});
export type Body = z.infer<typeof Body>;

interface Stored {
  readonly handle: string;
  readonly requestId: string | null;
  readonly body: Body;
  readonly createdOn: number;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly asked: number;
  readonly result: Result | null;
  readonly error: { readonly status: number; readonly code: string; readonly sqlState: string; readonly message: string } | null;
}

export function statementsOf(context: SandboxContext, options: SnowflakeOptions) {
  const { records, now, mode } = context;
  const kept = records.collection<Stored>('statements');
  const byRequest = kept.indexBy((statement) => statement.requestId ?? undefined);
  const { run } = executor(records, options.schema);

  function execute(body: Body): Result {
    checkSession(body);
    const parsed: Parsed = parse(body.statement);
    const binds: Value[] = [];
    for (let number = 1; number <= parsed.placeholders; number += 1) {
      const bound = body.bindings?.[String(number)];
      if (bound === undefined) throw new SqlError('002049', '42601', `SQL compilation error: error line 1 at position 0\nBind variable ? not set.`);
      binds.push(bound.value);
    }
    return run(parsed.statement, binds);
  }

  function checkSession({ database, schema, warehouse, role }: Body): void {
    if (role !== undefined && role !== options.role) throw new SqlError('003013', '42501', `Requested role '${role}' is not assigned to the executing user. Specify another role to activate.`);
    if (database !== options.database) throw database === undefined ? new SqlError('090105', '22000', 'Cannot perform this operation. This session does not have a current database. Call \'USE DATABASE\', or use a qualified name.') : new SqlError('002043', '02000', `SQL compilation error:\nObject does not exist, or operation cannot be performed.`);
    if (schema !== options.schema) throw schema === undefined ? new SqlError('090106', '22000', 'Cannot perform this operation. This session does not have a current schema. Call \'USE SCHEMA\', or use a qualified name.') : new SqlError('002043', '02000', `SQL compilation error:\nObject does not exist, or operation cannot be performed.`);
    if (warehouse !== options.warehouse) throw new SqlError('000606', '57P03', 'No active warehouse selected in the current session.  Select an active warehouse with the \'use warehouse\' command.');
  }

  function finished(running: Stored): Stored {
    const statement: Stored = { ...running, body: withShortValues(running.body) };
    if (mode() === TIMEOUT_MODE) return { ...statement, state: 'failed', error: { status: 408, code: '000630', sqlState: '57014', message: `Statement reached its statement or warehouse timeout of ${statement.body.timeout ?? 0} second(s) and was canceled.` } };
    try {
      return { ...statement, state: 'done', result: execute(running.body) };
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      return { ...statement, state: 'failed', error: { status: 422, code: error.code, sqlState: error.sqlState, message: error.message } };
    }
  }

  const put = (statement: Stored): Stored => {
    kept.put(statement.handle, statement);
    const oldest = kept.size() > KEPT ? kept.find(() => true) : undefined;
    if (oldest !== undefined) kept.delete(oldest.handle);
    return statement;
  };

  const need = (handle: string): Stored => {
    const statement = kept.get(handle);
    if (statement === undefined) throw new Refusal(404, { code: '391917', message: `Statement handle ${handle} was not found.` });
    return statement;
  };

  return {
    submit(body: Body, query: { readonly requestId: string | null; readonly retry: boolean; readonly async: boolean }): Stored {
      const before = query.requestId === null || !query.retry ? undefined : byRequest(query.requestId).find(({ state }) => state === 'done' || state === 'running');
      if (before !== undefined) return before;
      const statement: Stored = { handle: randomUUID(), requestId: query.requestId, body, createdOn: now().getTime(), state: 'running', asked: 0, result: null, error: null };
      return put(query.async || mode() === SLOW_MODE ? statement : finished(statement));
    },
    ask(handle: string): Stored {
      const statement = need(handle);
      if (statement.state !== 'running') return statement;
      const asked = { ...statement, asked: statement.asked + 1 };
      return put(asked.asked > ASKED_WHILE_RUNNING ? finished(asked) : asked);
    },
    cancel(handle: string): Stored {
      const statement = need(handle);
      return statement.state === 'running' ? put({ ...statement, state: 'cancelled', error: { status: 422, code: '000604', sqlState: '57014', message: 'SQL execution canceled' } }) : statement;
    },

    answer(reply: FastifyReply, statement: Stored, number: number | null): FastifyReply {
      const { handle, state, error, result, createdOn } = statement;
      const head = { statementHandle: handle, createdOn, statementStatusUrl: `/api/v2/statements/${handle}?requestId=${randomUUID()}` };
      if (state === 'running') return reply.code(202).send({ code: '333334', message: 'Asynchronous execution in progress. Use provided query id to perform query monitoring and management.', ...head });
      if (error !== null || result === null) return reply.code(error?.status ?? 422).send({ code: error?.code, message: error?.message, sqlState: error?.sqlState, ...head });
      const parts = partitions(result.rows, options.partitionRows);
      if (number !== null && parts[number] === undefined) throw badRequest(`Partition ${number} is not one of ${parts.length}.`);
      // Later partitions come as gzip and with nothing but their rows.
      if (number !== null && number > 0) return reply.header('content-encoding', 'gzip').type('application/json').send(gzipSync(JSON.stringify({ data: parts[number] })));
      return reply.send({
        resultSetMetaData: { numRows: result.rows.length, format: 'jsonv2', partitionInfo: parts.map((part) => ({ rowCount: part.length, uncompressedSize: JSON.stringify(part).length })), rowType: result.columns.map(rowType) },
        data: parts[0],
        code: '090001',
        sqlState: '00000',
        message: 'Statement executed successfully.',
        ...(Object.keys(result.stats).length === 0 ? {} : { stats: result.stats }),
        ...head,
      });
    },
  };
}

function withShortValues(body: Body): Body {
  return body.bindings === undefined ? body : { ...body, bindings: Object.fromEntries(Object.entries(body.bindings).map(([number, { type, value }]) => [number, { type, value: value === null ? null : value.slice(0, KEPT_CHARACTERS) }])) };
}

function rowType({ name, type, nullable }: Result['columns'][number]) {
  return { name, database: '', schema: '', table: '', nullable, type: type.kind === 'NUMBER' ? 'FIXED' : type.kind, precision: type.kind === 'NUMBER' ? type.precision : null, scale: type.kind === 'NUMBER' ? type.scale : null, length: type.kind === 'TEXT' ? 16_777_216 : null, byteLength: null, collation: null };
}

/** One empty partition where there are no rows. */
function partitions(rows: Result['rows'], size: number): Result['rows'][] {
  const parts = [];
  for (let start = 0; start < rows.length || start === 0; start += size) parts.push(rows.slice(start, start + size));
  return parts;
}
