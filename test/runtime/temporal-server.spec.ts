import assert from 'node:assert/strict';
import { Connection } from '@temporalio/client';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { alignNamespace } from '../../scripts/temporal-server/namespace.ts';
import { startTemporal, type RunningTemporal } from '../../scripts/temporal-server/start.ts';
import { removeTemporaryFolders, temporaryFolder } from './support.ts';

async function described(server: RunningTemporal) {
  const connection = await Connection.connect({ address: server.address });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: server.namespace });
    const { config } = await connection.workflowService.describeNamespace({ namespace: server.namespace });
    return { attributes: Object.keys(customAttributes ?? {}), retentionDays: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400 };
  } finally {
    await connection.close();
  }
}

describe('the local Temporal server', function () {
  this.timeout(30 * 60_000);
  let server: RunningTemporal;
  before(async () => {
    server = await startTemporal({ dataDir: temporaryFolder() });
  });
  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  it('has the search attributes and the retention of temporal-dev.yaml', async () => {
    const { attributes, retentionDays } = await described(server);
    for (const name of Object.keys(loadTemporalConfig().searchAttributes)) assert.ok(attributes.includes(name), name);
    assert.equal(retentionDays, loadTemporalConfig().namespace.retentionDays);
  });

  it('takes up search attributes and a retention that change after its database was made', async () => {
    const config = loadTemporalConfig();
    const changed = { ...config, searchAttributes: { ...config.searchAttributes, Note: 'Text' as const }, namespace: { ...config.namespace, retentionDays: 30 } };
    assert.deepEqual(await alignNamespace(server.address, changed), { added: ['Note'], retentionDays: 30 });
    assert.deepEqual(await alignNamespace(server.address, changed), { added: [], retentionDays: undefined });
    const { attributes, retentionDays } = await described(server);
    assert.ok(attributes.includes('Note'));
    assert.equal(retentionDays, 30);
  });

  it('says that the type of a search attribute cannot change', async () => {
    const config = loadTemporalConfig();
    await assert.rejects(alignNamespace(server.address, { ...config, searchAttributes: { ...config.searchAttributes, Stage: 'Int' } }), /search attribute Stage the type Int, but the database has another one/);
  });
});
