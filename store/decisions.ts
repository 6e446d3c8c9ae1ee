import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { canonicalJson, jsonText, sha256 } from './json.ts';
import type { DecisionTable } from './schema.ts';

export interface Decision {
  readonly process: string;
  readonly step: string;
  /** Reference of the document with everything the rule read. */
  readonly inputsRef: string;
  readonly configHash: string;
  readonly ruleVersion: string;
  readonly outcome: unknown;
}

/** Keeps what was decided from what, so that it can be decided again. A retry with the same decision gets the same ID. */
export async function archiveDecision(db: Db, decision: Decision): Promise<number> {
  const { process, step, inputsRef, configHash, ruleVersion } = decision;
  const digest = sha256(canonicalJson(decision));
  const { rows } = await sql<{ id: number }>`/* prepared: archive_decision */
    insert into decision (digest, process, step, inputs_ref, config_hash, rule_version, outcome)
    values (${digest}, ${process}, ${step}, ${inputsRef}, ${configHash}, ${ruleVersion}, ${jsonText(decision.outcome)}::jsonb)
    on conflict (digest) do update set digest = excluded.digest
    returning id`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error(`the decision of ${process} on ${step} was not kept`);
  return row.id;
}

export async function decisionsOf(db: Db, process: string): Promise<Selectable<DecisionTable>[]> {
  return await db.selectFrom('decision').selectAll().where('process', '=', process).orderBy('id').execute();
}

const PAGE = 200;

/** Every decision ever archived, oldest first, page by page. */
export async function* decisionsSince(db: Db, after = 0): AsyncGenerator<Selectable<DecisionTable>> {
  for (let last = after; ; ) {
    const page = await db.selectFrom('decision').selectAll().where('id', '>', last).orderBy('id').limit(PAGE).execute();
    for (const decision of page) {
      last = decision.id;
      yield decision;
    }
    if (page.length < PAGE) return;
  }
}
