import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Instant } from '../../domain/dates.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import { openStore } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { migrateStore } from '../../store/migrate.ts';
import { putReference, type ReferenceRow } from '../../store/time/reference.ts';
import { standInMonth } from './stand-in/month.ts';

export interface MonthSheet {
  readonly sheet: Timesheet;
  readonly legalEntity: string;
}

export interface Month {
  readonly config: FirmConfig;
  /** The moment at which its timesheets are judged. */
  readonly asOf: Instant;
  readonly references: readonly ReferenceRow[];
  readonly sheets: readonly MonthSheet[];
}

const ROWS_AT_ONCE = 2_000;

/** Timesheets of one week, one for each consultant, with all that they are judged by. */
export async function oneSheetEach(timesheets: number): Promise<Month> {
  return await standInMonth(timesheets);
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
