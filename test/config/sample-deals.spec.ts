import assert from 'node:assert/strict';
import { loadFirmConfig } from '../../starters/config/load.ts';
import { asConfigured, SAMPLE_DEALS } from '../../starters/story/sample-deals.ts';

describe('The sample deals', () => {
  const endsWith = async (...overlays: string[]) => {
    const loaded = await loadFirmConfig('config', { overlays });
    assert.ok(loaded.ok);
    return SAMPLE_DEALS.map((sample) => asConfigured(sample, loaded.config).ends).toSorted();
  };

  it('end in each way there is, where people are staffed', async () => {
    for (const overlays of [[], ['kantata']]) assert.deepEqual(await endsWith(...overlays), ['aborted', 'activated', 'activated', 'waiting']);
  });

  it('have none to be aborted for a person nobody knows, where nobody is staffed', async () => {
    assert.deepEqual(await endsWith('clockify'), ['activated', 'activated', 'activated', 'waiting']);
  });
});
