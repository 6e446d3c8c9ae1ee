import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestStore, TEST_STORE, type TestStore } from './test-store.ts';

/** Where the suites of one `npm test` keep the bundled workflows for each other. */
export const TEST_BUNDLES = 'Q2C_TEST_BUNDLES';

export interface Lanes {
  /** What a suite finds in its environment. A lane's suites run one after another and share what takes seconds to make. */
  environment(lane: number, needsServers: boolean): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

/** What the suites of one run of all tests share, in a temporary folder: compiled sources, bundled workflows, and in each lane a PostgreSQL. */
export function openLanes(): Lanes {
  const folder = mkdtempSync(join(tmpdir(), 'q2c-test-'));
  const [compiled, bundles] = [join(folder, 'compiled'), join(folder, 'bundles')];
  for (const each of [compiled, bundles]) mkdirSync(each);
  const shared = { NODE_COMPILE_CACHE: compiled, [TEST_BUNDLES]: bundles };
  const stores = new Map<number, Promise<TestStore>>();

  async function storeOf(lane: number): Promise<TestStore> {
    const starting = stores.get(lane) ?? startTestStore();
    stores.set(lane, starting);
    return await starting;
  }

  return {
    async environment(lane, needsServers) {
      return needsServers ? { ...shared, [TEST_STORE]: (await storeOf(lane)).url } : shared;
    },
    async close() {
      await Promise.all([...stores.values()].map(async (store) => {
        await (await store).stop();
      }));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
