import assert from 'node:assert/strict';
import { createLegacyFile } from '../../../connectors/legacy-file/index.ts';
import { keyOf } from '../../../connectors/legacy-file/keys.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startErp, type TestErp } from './environment.ts';
import { startSftpFolder, type SftpFolder } from './sftp-folder.ts';

describe('A legacy ERP whose folder is on an SFTP server', function () {
  this.timeout(30_000);
  let ledger: TestErp;
  let server: SftpFolder;
  const connect = (options: object = {}): ErpPort => createLegacyFile({ system: 'legacy', baseUrl: `sftp://127.0.0.1:${server.port}/`, credentials: server.credentials, options: { ...OPTIONS, hostKey: server.hostKey, ...options }, log: silent, limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 10 } });
  before(async () => {
    ledger = await startErp();
    server = await startSftpFolder(ledger.folder);
  });
  after(async () => {
    await server?.close();
    await ledger?.close();
  });

  describeRecordPort({
    name: 'A customer over SFTP',
    port: () => connect().customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: 'Überprüfung 設計' } }),
    count: async ({ document }) => (await ledger.entries('customers')).filter(({ id }) => id === keyOf(document.id)).length,
    check: async ({ document }, externalId) => {
      const found = (await ledger.entries('customers')).find(({ id }) => id === keyOf(document.id));
      assert.deepEqual([found?.number, found?.fields['name']], [externalId, document.name]);
    },
    use: null,
    writeMethod: 'POST',
    unknownId: 'C999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), seedOthers: async (count) => void (await ledger.admin.seed({ customers: others(count, () => ({ id: `by-hand-${uniqueTag()}`, fields: {} })) })) },
  }, null);

  it('finds in the extract what it was sent', async () => {
    const { customer } = dealOf(uniqueTag());
    const erp = connect();
    const { externalId } = await erp.customer.write({ document: customer, references: NONE }, null, callContext());
    assert.ok(!isUnsupported(erp.labor));
    await erp.labor.totals({ legalEntity: 'US01', from: '2026-01-01', to: '2026-01-01' }, callContext());
    assert.equal((await connect().customer.find({ document: customer, references: NONE }, callContext()))?.externalId, externalId);
  });

  it('does not speak to a server with another key, and needs one pinned', async () => {
    const failure = await failureOf(() => connect({ hostKey: `SHA256:${'A'.repeat(43)}` }).customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'LEGACY_HOST_KEY_CHANGED', 'no']);
    assert.throws(() => connect({ hostKey: undefined }), /host key pinned/);
  });
});
