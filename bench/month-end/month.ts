import { join } from 'node:path';
import { z } from 'zod';
import { connectorOptionSchemas } from '../../connectors/options.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Instant } from '../../domain/dates.ts';
import { timeProjectSchema } from '../../domain/model/time/context.ts';
import { projectFolder } from '../../scripts/data-folder.ts';
import { checkDocument } from '../../starters/gateway/time/documents.ts';
import { loadFirmConfig } from '../../starters/config/load.ts';
import { rosterOf, type ErpRoster } from '../../starters/month-end/load.ts';
import { sampleMonth, type SampleMonth, type SampleTimesheet } from '../../starters/month-end/sample/index.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import { openStore } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { migrateStore } from '../../store/migrate.ts';
import { putReference, type ReferenceRow } from '../../store/time/reference.ts';
import { SYSTEM } from './work.ts';

export type MonthSheet = SampleTimesheet;

export interface Month {
  readonly config: FirmConfig;
  /** The moment at which its timesheets are judged. */
  readonly asOf: Instant;
  readonly references: readonly ReferenceRow[];
  /** People and projects as the ERP has them. */
  readonly roster: ErpRoster;
  readonly sheets: readonly MonthSheet[];
}

const SEED = 20_261;
/** Of a time system without a connector, whose timesheets come over the canonical API and which reads its answers there. */
const TIME_SYSTEM = 'timekeeper';
const ROWS_AT_ONCE = 2_000;

function sampleOf(consultants: number, dirtyPercent = 3): SampleMonth {
  return sampleMonth({ seed: SEED, consultants, system: TIME_SYSTEM, dirtyPercent });
}

/** A few of the month's dirty records are refused at the door of the gateway, which is not what is measured. */
function isDocument({ sheet }: MonthSheet): boolean {
  return checkDocument('timesheets', sheet, JSON.stringify(sheet)).ok;
}

/** How many there are when those that are told twice with the same content count once, as they do at the door. */
export function timesheetsIn(sheets: readonly MonthSheet[]): number {
  return distinctSheets(sheets).length;
}

export function distinctSheets(sheets: readonly MonthSheet[]): readonly MonthSheet[] {
  const seen = new Set<string>();
  return sheets.filter(({ sheet }) => {
    const content = sha256(JSON.stringify(sheet));
    if (seen.has(content)) return false;
    seen.add(content);
    return true;
  });
}

/** A whole sample month with its corrections, late approvals and dirty records. */
export async function wholeMonth(consultants: number): Promise<Month> {
  const sample = sampleOf(consultants);
  return { config: await exampleConfig(), asOf: sample.asOf, references: [...sample.reference()], roster: rosterOf(sample), sheets: [...sample.timesheets()].filter(isDocument) };
}

/**
 * Of the firm's month, one timesheet each of so many consultants, none with work for a project that has a cap: each can be judged by itself, so that
 * the peers need no state that timesheets share. @throws RangeError where the firm has not so many
 */
export async function oneSheetEach(timesheets: number, consultants: number, dirtyPercent: number): Promise<Month> {
  const sample = sampleOf(consultants, dirtyPercent);
  const references = [...sample.reference()];
  const capped = new Set(references.flatMap(({ kind, document }) => {
    if (kind !== 'project') return [];
    const project = timeProjectSchema.parse(document);
    return project.cap === null ? [] : [project.number];
  }));
  const people = new Set<string>();
  const sheets: MonthSheet[] = [];
  for (const one of sample.timesheets()) {
    if (sheets.length === timesheets) break;
    if (!isDocument(one)) continue;
    const { person, entries } = one.sheet;
    const everybody = [person, ...entries.map((entry) => entry.person)];
    if (everybody.some((email) => people.has(email)) || entries.some(({ projectNumber }) => capped.has(projectNumber))) continue;
    for (const email of everybody) people.add(email);
    sheets.push(one);
  }
  if (sheets.length < timesheets) throw new RangeError(`of ${consultants} consultants only ${sheets.length} have a timesheet that stands by itself, ${timesheets} are needed: take fewer --timesheets`);
  return { config: await exampleConfig(), asOf: sample.asOf, references, roster: rosterOf(sample), sheets };
}

async function exampleConfig(): Promise<FirmConfig> {
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) throw new Error(`the configuration has mistakes:\n${loaded.mistakes.map((mistake) => `${mistake.file}:${mistake.line}: ${mistake.message}`).join('\n')}`);
  const systems = loaded.config.systems.map((system) => (system.id === SYSTEM ? { ...system, options: withSubsidiaries(system.options) } : system));
  return { ...loaded.config, systems };
}

/** The sandbox's internal IDs of the legal entities that the sample firm has beyond the example firm's. */
const FURTHER_SUBSIDIARIES = { US02: '10', DE02: '11', GB02: '12', AU02: '13' };

function withSubsidiaries(options: unknown): Record<string, unknown> {
  const known = z.looseObject({ subsidiaries: z.record(z.string(), z.string()) }).parse(options);
  return { ...known, subsidiaries: { ...FURTHER_SUBSIDIARIES, ...known.subsidiaries } };
}

/** Makes a store ready for the month: its tables, the configuration in force, the reference data. */
export async function prepareMonth(storeUrl: string, { config, references }: Month): Promise<void> {
  const store = openStore(storeUrl, { applicationName: 'bench', connections: 2 });
  try {
    await migrateStore(store);
    const hash = sha256(canonicalJson(config));
    await storeConfig(store.db, { hash, document: config, files: {} });
    await activateConfig(store.db, { hash, by: 'bench' });
    for (let first = 0; first < references.length; first += ROWS_AT_ONCE) await putReference(store.db, 'bench', references.slice(first, first + ROWS_AT_ONCE));
  } finally {
    await store.close();
  }
}
