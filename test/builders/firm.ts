import { join } from 'node:path';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { formatMistakes, loadFirmConfig } from '../../starters/config/load.ts';

export const CONFIG_DIR = join(import.meta.dirname, '..', '..', 'config');

const loading = new Map<string, Promise<{ readonly config: FirmConfig; readonly hash: string }>>();

/** The example firm of config/, with the named overlays; each combination is loaded once. */
export function theFirm(overlays: readonly string[] = []): Promise<{ readonly config: FirmConfig; readonly hash: string }> {
  const name = overlays.join('+');
  const known = loading.get(name) ?? load(overlays);
  loading.set(name, known);
  return known;
}

async function load(overlays: readonly string[]): Promise<{ readonly config: FirmConfig; readonly hash: string }> {
  const loaded = await loadFirmConfig(CONFIG_DIR, { overlays });
  if (!loaded.ok) throw new Error(`config/ has mistakes:\n${formatMistakes(loaded.mistakes)}`);
  return { config: loaded.config, hash: loaded.hash };
}
