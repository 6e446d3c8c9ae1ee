import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { z } from 'zod';
import { projectFolder } from '../../scripts/data-folder.ts';
import { withLock } from '../../scripts/lock.ts';
import { TEST_BUNDLES } from '../../scripts/test-lanes.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

const bundleSchema = z.object({ code: z.string(), sourceMap: z.string() });

/** The workflows, bundled once for the whole `npm test`; once for each process where mocha is run alone. Sources that were changed since are bundled anew. */
export async function keptBundle(): Promise<WorkflowBundleWithSourceMap> {
  const folder = process.env[TEST_BUNDLES];
  if (folder === undefined) return await bundleWorkflows();
  const file = join(folder, `${hashOfSources()}.json`);
  return await withLock(`${file}.lock`, async () => {
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined) return bundleSchema.parse(JSON.parse(kept));
    const made = await bundleWorkflows();
    await writeFile(`${file}.new`, JSON.stringify(made));
    await rename(`${file}.new`, file);
    return made;
  }, () => undefined);
}

/** Of all that workflows may import of ours, and of the packages. */
function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(projectFolder, 'package-lock.json')));
  for (const folder of ['workflows', 'domain', 'workers']) {
    const names = readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    for (const name of names.toSorted()) hash.update(`\0${folder}/${name}\0`).update(readFileSync(join(projectFolder, folder, name)));
  }
  return hash.digest('hex');
}
