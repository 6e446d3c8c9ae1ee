import assert from 'node:assert/strict';
import { createClockify } from '../../connectors/clockify/index.ts';
import type { ConnectorSettings } from '../../connectors/connector.ts';
import { createHarvest } from '../../connectors/harvest/index.ts';
import { createKantata } from '../../connectors/kantata/index.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import { silent } from './conformance/documents.ts';

const settings = (system: string, credentials: object): ConnectorSettings => ({ system, baseUrl: 'http://127.0.0.1:9', credentials, options: {}, log: silent, limits: { concurrency: 1, requestsPerSecond: null, timeoutSeconds: 1 } });

/** What stands in the case of a refused report, for each time system. */
describe('Expense reports of a time system', () => {
  for (const [port, who] of [
    [createHarvest(settings('harvest', { accountId: '1', accessToken: 'x' })), /Administrator or Manager withdraws the approval in Harvest .* corrects the expenses and submits them again/],
    [createClockify(settings('clockify', { apiKey: 'x', workspaceId: '0123456789abcdef01234567' })), /manager withdraws it in Clockify .* otherwise the person enters the correction/],
  ] as const) {
    it(`that ${port.system} cannot be told of say who withdraws the approval there, and what the person does`, () => {
      assert.ok(isUnsupported(port.expenseReports));
      assert.match(port.expenseReports.unsupported, who);
    });
  }

  it('are rejected in Kantata, which locks them itself', () => {
    const { expenseReports } = createKantata(settings('kantata', { accessToken: 'x' }));
    assert.ok(!isUnsupported(expenseReports));
    assert.equal(typeof expenseReports.reject, 'function');
    assert.ok(typeof expenseReports.lock !== 'function' && /Kantata itself locks expenses/.test(expenseReports.lock.unsupported));
  });
});
