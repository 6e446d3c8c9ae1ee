import { firmConfigSchema, type FirmConfig } from '../domain/config/schema.ts';
import { SystemFailure } from '../domain/failure.ts';
import { activeConfig, activeConfigHash } from '../store/config-versions.ts';
import type { Db } from '../store/database.ts';

export interface ActiveFirmConfig {
  readonly hash: string;
  readonly config: FirmConfig;
}

/**
 * Reads the configuration in force; one that is still in force is not read and checked again.
 * The function it gives throws SystemFailure of kind configuration where none is active.
 */
export function createActiveConfig(db: Db): () => Promise<ActiveFirmConfig> {
  let known: ActiveFirmConfig | undefined;
  return async () => {
    const hash = await activeConfigHash(db);
    if (known !== undefined && known.hash === hash) return known;
    const active = await activeConfig(db);
    if (active === undefined) {
      throw new SystemFailure({ kind: 'configuration', code: 'NO_CONFIGURATION', message: 'no configuration is active.', mend: 'Activate one: npm run q2c -- config activate.', system: 'q2c', object: 'configuration', written: 'no' });
    }
    known = { hash: active.hash, config: firmConfigSchema.parse(active.document) };
    return known;
  };
}
