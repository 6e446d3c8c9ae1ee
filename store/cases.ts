import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { jsonText, jsonTextOrNull, plainText } from './json.ts';
import type { ExceptionCaseTable } from './schema.ts';

/** The register of exception cases, for look-ups that must be consistent. Who waits is the workflow's truth; this is its list. */
export interface CaseOpening {
  readonly caseId: string;
  readonly process: string;
  readonly code: string;
  readonly kind: string;
  readonly severity: string;
  readonly owner: string;
  readonly subject: string;
  readonly message: string;
  readonly mend: string;
  readonly findings: readonly unknown[];
  readonly permittedActions: readonly string[];
  /** Whatever else the person sees: amount, legal entity, posting key, evidence. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly systems: readonly string[];
  /** A newly activated configuration wakes it. */
  readonly waitsForConfig: boolean;
  readonly openedAt: string;
  readonly dueAt: string | null;
}

export type CaseRow = Selectable<ExceptionCaseTable>;

/** Registers a case; the same case again changes nothing. @returns whether it is new. */
export async function openCase(db: Db, opening: CaseOpening): Promise<boolean> {
  const result = await db
    .insertInto('exception_case')
    .values({
      case_id: opening.caseId,
      process: opening.process,
      code: opening.code,
      kind: opening.kind,
      severity: opening.severity,
      owner: opening.owner,
      subject: plainText(opening.subject),
      message: plainText(opening.message),
      mend: plainText(opening.mend),
      findings: jsonText(opening.findings),
      permitted_actions: jsonText(opening.permittedActions),
      context: jsonText(opening.context),
      systems: [...opening.systems],
      waits_for_config: opening.waitsForConfig,
      state: 'open',
      opened_at: opening.openedAt,
      due_at: opening.dueAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export interface CaseChange {
  readonly caseId: string;
  readonly owner?: string;
  readonly dueAt?: string;
  readonly permittedActions?: readonly string[];
  readonly waitsForConfig?: boolean;
  /** The change is this escalation of the case, from 1: a repeated attempt to record it counts once. */
  readonly escalation?: number;
  /** In words: what changed. */
  readonly detail: string;
}

/** @returns false where the case is not open. */
export async function updateCase(db: Db, change: CaseChange): Promise<boolean> {
  const result = await db
    .updateTable('exception_case')
    .set({
      last_change: plainText(change.detail),
      updated_at: sql`now()`,
      ...(change.owner === undefined ? {} : { owner: change.owner }),
      ...(change.dueAt === undefined ? {} : { due_at: change.dueAt }),
      ...(change.permittedActions === undefined ? {} : { permitted_actions: jsonText(change.permittedActions) }),
      ...(change.waitsForConfig === undefined ? {} : { waits_for_config: change.waitsForConfig }),
      ...(change.escalation === undefined ? {} : { escalations: sql<number>`greatest(escalations, ${change.escalation}::int)` }),
    })
    .where('case_id', '=', change.caseId)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export interface CaseClosing {
  readonly caseId: string;
  /** resolved: a person decided. closed: the reason to wait is gone. */
  readonly state: 'resolved' | 'closed';
  /** The action taken, or why it was closed. */
  readonly resolution: string;
  readonly by: string;
  readonly details: unknown;
}

/** @returns false where the case was closed before, or is unknown. */
export async function closeCase(db: Db, closing: CaseClosing): Promise<boolean> {
  const result = await db
    .updateTable('exception_case')
    .set({
      state: closing.state,
      resolution: plainText(closing.resolution),
      resolved_by: closing.by,
      resolution_details: jsonTextOrNull(closing.details),
      updated_at: sql`now()`,
      closed_at: sql`now()`,
    })
    .where('case_id', '=', closing.caseId)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function casesWaitingForConfig(db: Db): Promise<CaseRow[]> {
  return await db.selectFrom('exception_case').selectAll().where('state', '=', 'open').where('waits_for_config', '=', true).orderBy('opened_at').execute();
}

export interface CaseFilter {
  readonly owner?: string;
  readonly code?: string;
  readonly system?: string;
  /** 200 unless told. */
  readonly limit?: number;
}

/** Open cases, the most urgent first. */
export async function openCases(db: Db, filter: CaseFilter = {}): Promise<CaseRow[]> {
  const { owner, code, system } = filter;
  return await db
    .selectFrom('exception_case')
    .selectAll()
    .where('state', '=', 'open')
    .$if(owner !== undefined, (query) => query.where('owner', '=', owner ?? ''))
    .$if(code !== undefined, (query) => query.where('code', '=', code ?? ''))
    .$if(system !== undefined, (query) => query.where(sql<boolean>`${system ?? ''} = any(systems)`))
    .orderBy(sql`due_at asc nulls last`)
    .orderBy('opened_at')
    .limit(filter.limit ?? 200)
    .execute();
}

export async function caseById(db: Db, caseId: string): Promise<CaseRow | undefined> {
  return await db.selectFrom('exception_case').selectAll().where('case_id', '=', caseId).executeTakeFirst();
}

export async function casesOf(db: Db, process: string): Promise<CaseRow[]> {
  return await db.selectFrom('exception_case').selectAll().where('process', '=', process).orderBy('opened_at').orderBy('case_id').execute();
}

/** The open case of what is done again and again, or the ID that its next one takes. */
export async function standingCaseOf(db: Db, process: string): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }> {
  const cases = await casesOf(db, process);
  const open = cases.find(({ state }) => state === 'open');
  return { process, caseId: open?.case_id ?? `exception/${process}/${cases.length + 1}`, open: open !== undefined };
}
