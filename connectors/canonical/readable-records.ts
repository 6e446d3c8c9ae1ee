import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { redact } from '../../domain/redact.ts';

/** Reads records one by one, so that one that cannot be read holds up none of the others. */
export interface ReadableRecords {
  /** Those of them that can be read. */
  read<Schema extends z.ZodType>(schema: Schema, records: readonly unknown[]): z.infer<Schema>[];
  /** Once all are read. @throws SystemFailure that names those that could not be */
  tell(): void;
}

interface About {
  readonly system: string;
  /** "SALESFORCE" */
  readonly prefix: string;
  /** "closed-won deals" */
  readonly object: string;
}

const NAMED = 10;
const EVIDENCE = 2000;
const withId = z.union([z.looseObject({ Id: z.string() }).transform(({ Id }) => Id), z.looseObject({ OpportunityId: z.string() }).transform(({ OpportunityId }) => `line of ${OpportunityId}`), z.looseObject({ id: z.union([z.string(), z.number()]) }).transform(({ id }) => String(id))]);

/** @param about - what is read, for the failure */
export function readableRecords({ system, prefix, object }: About): ReadableRecords {
  let count = 0;
  const first: string[] = [];
  let evidence = '';

  function note(record: unknown, error: z.ZodError): void {
    count += 1;
    const id = withId.safeParse(record).data?.slice(0, 60) ?? 'one without an ID';
    if (first.length < NAMED) first.push(`${id} (${error.issues[0]?.path.map(String).join('.') ?? ''}: ${error.issues[0]?.message ?? 'not as documented'})`);
    if (evidence.length < EVIDENCE) evidence += `${(JSON.stringify(record) ?? String(record)).slice(0, EVIDENCE - evidence.length)}\n`;
  }

  return {
    read: (schema, records) => records.flatMap((record) => {
      const parsed = schema.safeParse(record);
      if (parsed.success) return [parsed.data];
      note(record, parsed.error);
      return [];
    }),
    tell() {
      if (count === 0) return;
      throw new SystemFailure({ kind: 'contract', code: `${prefix}_RECORD_UNREADABLE`, message: `${count} of the ${object} could not be read, and the others were: ${first.join('; ')}${count > NAMED ? ' and more' : ''}.`, mend: `Start those deals by hand, and correct the records in ${system}; where their shape is a new one, compare the connector with the vendor's documentation. They are looked at again at each sweep until they can be read.`, system, object, written: 'no', evidence: redact(evidence) });
    },
  };
}
