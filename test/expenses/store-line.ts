import { createReference } from '../../activities/time/reference.ts';
import { decideRecord } from '../../activities/expenses/decide.ts';
import type { ExpenseDecisionView } from '../../activities/expenses/contract.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { putReference } from '../../store/time/reference.ts';
import { AS_OF, aTimeContext } from '../builders/time.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';

/** The people, projects and assignments of the builders' context, as the store keeps them. */
export async function putPeople(store: Store, config: FirmConfig, parts: Partial<TimesheetContext> = {}): Promise<void> {
  const { people, projects, assignments } = aTimeContext(config, parts);
  await putReference(store.db, 'test', [
    ...people.map((person) => ({ kind: 'person', key: person.email, scope: person.email, document: person })),
    ...projects.map((project) => ({ kind: 'project', key: project.number, scope: project.number, document: project })),
    ...assignments.map((one) => ({ kind: 'assignment', key: `${one.person}|${one.projectNumber}|${one.from}`, scope: one.person, document: one })),
  ]);
}

let batches = 0;

/** Takes reports in as one sealed batch. @returns the numbers of their records, in the order given */
export async function receive(store: Store, ...reports: readonly ExpenseReport[]): Promise<number[]> {
  batches += 1;
  const { id } = await openBatch(store.db, { source: 'test', kind: 'expenses', idempotencyKey: `expenses-${batches}` });
  const received = await receiveRecords(store.db, id, reports);
  await sealBatch(store.db, id);
  return received.map(({ record }) => record);
}

export interface StoreLine {
  readonly store: Store;
  readonly config: FirmConfig;
  receive(report: ExpenseReport): Promise<number>;
  decide(record: number): Promise<ExpenseDecisionView>;
  /** Takes a report in and decides about it. */
  judge(report: ExpenseReport): Promise<ExpenseDecisionView & { readonly record: number }>;
}

/** A store with the example firm's configuration and people, and decisions made on it. */
export async function startStoreLine(parts: Partial<TimesheetContext> = {}): Promise<StoreLine> {
  const { config } = await theFirm();
  const store = await freshStore();
  const hash = sha256(canonicalJson(config));
  await storeConfig(store.db, { hash, document: config, files: {} });
  await activateConfig(store.db, { hash, by: 'test' });
  await putPeople(store, config, parts);
  const reference = createReference(store.db);
  const one = async (report: ExpenseReport) => (await receive(store, report))[0] ?? 0;
  const decide = async (record: number) => await decideRecord(store.db, await reference(), { record, asOf: AS_OF });
  return {
    store,
    config,
    receive: one,
    decide,
    async judge(report) {
      const record = await one(report);
      return { ...(await decide(record)), record };
    },
  };
}
