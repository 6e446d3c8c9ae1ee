import { z } from 'zod';
import { costRateSchema, projectRateSchema, timeAssignmentSchema, timePersonSchema, timeProjectSchema, timesheetContextSchema, transferRateSchema, type TimeAssignment, type TimePerson } from './context.ts';
import { accountingPeriodSchema, payPeriodSchema } from './periods.ts';

/** A legal entity that the configuration does not name, and the ERP system its books are in. */
export const timeEntitySchema = timesheetContextSchema.shape.legalEntities.element.extend({ erp: z.string().nullable().default(null) });
export const timeRoleSchema = timesheetContextSchema.shape.roles.element;

interface Kind<Document> {
  readonly schema: z.ZodType<Document>;
  /** What a document is known by, most usual form first. */
  readonly keys: (document: Document) => readonly string[];
  /** What documents of this kind are looked up by. */
  readonly scope: (document: Document) => string;
}

/** A kind whose documents are read and named together, so that each is named as the very kind it is. */
function kind<Document>({ schema, keys, scope }: Kind<Document>) {
  return {
    read(input: unknown): { readonly ok: true; readonly document: Document; readonly keys: readonly string[]; readonly scope: string } | { readonly ok: false; readonly error: z.ZodError } {
      const parsed = schema.safeParse(input);
      return parsed.success ? { ok: true, document: parsed.data, keys: keys(parsed.data), scope: scope(parsed.data) } : { ok: false, error: parsed.error };
    },
  };
}

/** What a person's terms are known by: the latest by the address alone, those of a time before by their first day too. */
export function personKeys({ email, from }: Pick<TimePerson, 'email' | 'from'>): readonly [string, string] {
  return [email, `${email}|${from}`];
}

/** What a time assignment is known by; with the labor category where a person has several on one project. */
export function assignmentKeys({ person, projectNumber, laborCategory, from }: TimeAssignment): readonly [string, string] {
  return [`${person}|${projectNumber}|${from}`, `${person}|${projectNumber}|${laborCategory}|${from}`];
}

export function projectRateKey({ projectNumber, laborCategory, from }: Pick<z.infer<typeof projectRateSchema>, 'projectNumber' | 'laborCategory' | 'from'>): string {
  return `${projectNumber}|${laborCategory}|${from}`;
}

/** The kinds of reference data that time is judged by (ARCHITECTURE.md, "Time"). */
export const referenceKinds = {
  person: kind({ schema: timePersonSchema, keys: personKeys, scope: ({ email }) => email }),
  project: kind({ schema: timeProjectSchema, keys: ({ number }) => [number], scope: ({ number }) => number }),
  assignment: kind({ schema: timeAssignmentSchema, keys: assignmentKeys, scope: ({ person }) => person }),
  rate: kind({ schema: projectRateSchema, keys: (rate) => [projectRateKey(rate)], scope: ({ projectNumber }) => projectNumber }),
  transfer_rate: kind({ schema: transferRateSchema, keys: ({ employer, client, laborCategory, from }) => [`${employer}|${client}|${laborCategory}|${from}`], scope: ({ employer }) => employer }),
  cost_rate: kind({ schema: costRateSchema, keys: ({ legalEntity, laborCategory, from }) => [`${legalEntity}|${laborCategory}|${from}`], scope: ({ legalEntity }) => legalEntity }),
  accounting_period: kind({ schema: accountingPeriodSchema, keys: ({ legalEntity, code }) => [`${legalEntity}|${code}`], scope: ({ legalEntity }) => legalEntity }),
  pay_period: kind({ schema: payPeriodSchema, keys: ({ legalEntity, code }) => [`${legalEntity}|${code}`], scope: ({ legalEntity }) => legalEntity }),
  role: kind({ schema: timeRoleSchema, keys: ({ system, role }) => [`${system}|${role}`], scope: ({ system }) => system }),
  entity: kind({ schema: timeEntitySchema, keys: ({ code }) => [code], scope: ({ code }) => code }),
} as const;

export type ReferenceKind = keyof typeof referenceKinds;

export function isReferenceKind(name: string): name is ReferenceKind {
  return Object.hasOwn(referenceKinds, name);
}
