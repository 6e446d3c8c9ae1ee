import { z } from 'zod';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

const failureBody = z.object({ code: z.string(), message: z.string(), sqlState: z.string().optional() });

const WAIT = 'Nothing to do: it is tried again by itself.';
const NO_OBJECT = new Set(['002003', '002043', '090105', '090106', '000606', '003001']);
const BUSY = new Set(['000604', '000625', '000630', '000707']);
const UNREADABLE = new Set(['100035', '100037', '100038', '100039', '100040', '100072', '100078', '100090']);

/** Snowflake's table. A statement is one transaction: what comes as 422 or as 408 with a statement's handle was rolled back. */
export const classifySnowflake: Classifier = (answer, request) => {
  const parsed = failureBody.safeParse(answer.body);
  const said = parsed.success ? `${parsed.data.message.trim()} (code ${parsed.data.code})` : '';
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'SNOWFLAKE_FORBIDDEN', message: `Snowflake does not let us in for ${request.object}: ${said}.`, mend: 'Check the account\'s network policy and that the SQL API is allowed for our user (connectors/snowflake/README.md), then retry.' };
    case 408:
      return { kind: 'transient', code: 'SNOWFLAKE_STATEMENT_TIMEOUT', message: `Snowflake ended the statement for ${request.object}, which took too long.`, mend: 'It is tried again by itself. If it comes again and again, give the virtual warehouse a larger size or raise options.statementSeconds.', refused: parsed.success };
    case 422:
      return parsed.success ? meaningOfCode(parsed.data.code, said, request.object) : meaningOfStatus('SNOWFLAKE', answer, request);
    case 429:
      return { kind: 'transient', code: 'SNOWFLAKE_RATE_LIMIT', message: `Snowflake has too many requests at once; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 2000 };
    default:
      return meaningOfStatus('SNOWFLAKE', answer, request);
  }
};

function meaningOfCode(code: string, said: string, object: string): Meaning {
  if (NO_OBJECT.has(code)) return { kind: 'configuration', code: `SNOWFLAKE_${code}`, message: `Snowflake has no such object for ${object}, or our role may not use it: ${said}.`, mend: 'Make the database, schema and virtual warehouse of config/systems.yaml and grant our role their use (connectors/snowflake/README.md), then retry.' };
  if (BUSY.has(code)) return { kind: 'transient', code: `SNOWFLAKE_${code}`, message: `Snowflake could not finish ${object} now: ${said}.`, mend: WAIT };
  if (UNREADABLE.has(code)) return { kind: 'contract', code: `SNOWFLAKE_${code}`, message: `Snowflake does not take a value of ${object}: ${said}.`, mend: 'Compare the evidence with the table\'s columns in Snowflake; somebody may have changed one. Correct it, then retry.' };
  return { kind: 'contract', code: `SNOWFLAKE_${code}`, message: `Snowflake refuses the statement for ${object}: ${said}.`, mend: 'Compare the table in Snowflake with docs/warehouse.md; if it is as it should be, the connector\'s SQL must be corrected.' };
}
