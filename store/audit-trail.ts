import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { jsonText, plainText } from './json.ts';
import type { AuditTrailTable } from './schema.ts';

/** One line for the auditor: who did what to which business object, in words. */
export interface AuditEntry {
  /** The workflow ID; null for what belongs to no process, such as an activation of configuration. */
  readonly process: string | null;
  /** A person's ID or the part that acted: "jane", "worker", "gateway". */
  readonly actor: string;
  /** Dotted and stable: "posting.done", "case.resolved". */
  readonly action: string;
  /** "project US01-TECH-7K3QF9QX". */
  readonly object: string;
  readonly system: string | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type AuditRow = Selectable<AuditTrailTable>;

/** Adds lines to the trail. They are sealed into the hash chain later (`sealAuditTrail`), so writers never wait for one another. */
export async function appendAudit(db: Db, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql`/* prepared: append_audit */
    insert into audit_trail (process, actor, action, object, system, message, details)
    select process, actor, action, object, system, message, details
    from jsonb_to_recordset(${auditParameter(entries)}::jsonb)
      as e (process text, actor text, action text, object text, system text, message text, details jsonb)`.execute(db);
}

/** The entries as one jsonb parameter, for statements that write them together with something else. */
export function auditParameter(entries: readonly AuditEntry[]): string {
  return jsonText(entries.map((entry) => ({ ...entry, message: plainText(entry.message) })));
}

/** The part of a statement that appends the entries given as parameter when the named earlier part returned a row. */
export function auditedWhen(part: string, entries: readonly AuditEntry[]) {
  return sql`
    insert into audit_trail (process, actor, action, object, system, message, details)
    select e.process, e.actor, e.action, e.object, e.system, e.message, e.details
    from jsonb_to_recordset(${auditParameter(entries)}::jsonb)
      as e (process text, actor text, action text, object text, system text, message text, details jsonb)
    where exists (select from ${sql.table(part)})`;
}

/** What the trail says of one process, oldest first. */
export async function auditOf(db: Db, process: string): Promise<AuditRow[]> {
  return await db.selectFrom('audit_trail').selectAll().where('process', '=', process).orderBy('id').execute();
}
