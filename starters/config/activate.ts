import type { Client } from '@temporalio/client';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { casesWaitingForConfig } from '../../store/cases.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { ensurePeriods } from '../../store/time/periods.ts';
import { configActivatedSignal } from '../../workflows/contracts/deal-process.ts';

export interface Activation {
  readonly hash: string;
  readonly changed: boolean;
  /** Processes that waited for a correction and now look again. */
  readonly woken: readonly string[];
}

/** Makes a validated configuration the one in force, and wakes the processes whose cases wait for it. @throws Error for closing terms that contradict periods in use; what was in force stays so. */
export async function activateFirmConfig(input: { readonly store: Store; readonly client: Client; readonly config: FirmConfig; readonly hash: string; /** Their names; the document itself holds what they said. */
  readonly files: readonly string[]; readonly by: string }): Promise<Activation> {
  const { store, client, config, hash, files, by } = input;
  await storeConfig(store.db, { hash, document: config, files: Object.fromEntries(files.map((file) => [file, hash])) });
  // First, as it refuses closing terms that cannot be.
  await ensurePeriods(store.db, config, new Date());
  const { changed } = await activateConfig(store.db, { hash, by });
  const woken: string[] = [];
  for (const process of new Set((await casesWaitingForConfig(store.db)).map((waiting) => waiting.process))) {
    try {
      await client.workflow.getHandle(process).signal(configActivatedSignal, { hash, at: new Date().toISOString() });
      woken.push(process);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'WorkflowNotFoundError')) throw error;
    }
  }
  return { hash, changed, woken };
}
