import { join } from 'node:path';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { formatMistakes, loadFirmConfig } from '../../starters/config/load.ts';

export const CONFIG_DIR = join(import.meta.dirname, '..', '..', 'config');

let loading: Promise<{ readonly config: FirmConfig; readonly hash: string }> | undefined;

/** The example firm of config/, loaded once. */
export function theFirm(): Promise<{ readonly config: FirmConfig; readonly hash: string }> {
  loading ??= loadFirmConfig(CONFIG_DIR).then((loaded) => {
    if (!loaded.ok) throw new Error(`config/ has mistakes:\n${formatMistakes(loaded.mistakes)}`);
    return { config: loaded.config, hash: loaded.hash };
  });
  return loading;
}
