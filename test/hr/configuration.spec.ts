import assert from 'node:assert/strict';
import { connectorOptionSchemas } from '../../connectors/options.ts';
import { scimOptionsSchema } from '../../connectors/scim/options.ts';
import { jiraOptionsSchema } from '../../connectors/jira/options.ts';
import { startSandboxes } from '../../sandbox/all.ts';
import { loadFirmConfig } from '../../starters/config/load.ts';
import { createJira } from '../../connectors/jira/index.ts';
import { createScim } from '../../connectors/scim/index.ts';
import { CONFIG_DIR } from '../builders/firm.ts';
import { callContext, silent } from '../connectors/conformance/documents.ts';
import { aTicket } from '../connectors/conformance/service-desk.ts';

describe('HR and service desk by configuration alone', () => {
  it('are the overlays scim and jira, sound and with the credentials that npm start makes', async () => {
    const loaded = await loadFirmConfig(CONFIG_DIR, { overlays: ['scim', 'jira'], optionSchemas: connectorOptionSchemas });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const systems = new Map(loaded.config.systems.map((system) => [system.id, system]));
    const [hr, desk] = [systems.get('hr'), systems.get('service-desk')];
    assert.ok(hr !== undefined && desk !== undefined);
    assert.deepEqual([scimOptionsSchema.safeParse(hr.options).success, jiraOptionsSchema.safeParse(desk.options).success], [true, true]);
    const sandboxes = await startSandboxes({ only: ['scim', 'jira'] });
    try {
      const port = createScim({ system: hr.id, baseUrl: sandboxes.url('scim'), credentials: sandboxes.credentials.scim, limits: hr.limits, options: hr.options, log: silent });
      assert.equal((await port.findByEmail('dana.kowalski@northwind-consulting.example', callContext()))?.legalEntity, 'US01');
      const tickets = createJira({ system: desk.id, baseUrl: sandboxes.url('jira'), credentials: sandboxes.credentials.jira, limits: desk.limits, options: desk.options, log: silent });
      for (const owner of ['finance_operations', 'tax', 'controller']) assert.equal((await tickets.ticket.write(aTicket({ owner }), null, callContext())).created, true);
    } finally {
      await sandboxes.close();
    }
  });

  it('are refused with every mistake named', async () => {
    const options = jiraOptionsSchema.safeParse({ project: 'fin', requestType: { field: 'Request Type', id: 'x' }, timeZone: 'Mars' });
    assert.deepEqual(options.error?.issues.map(({ path }) => path.join('.')), ['project', 'requestType.field', 'requestType.id', 'timeZone']);
    assert.equal(scimOptionsSchema.safeParse({ attributes: { legalEntity: 'a b', surname: 'x' }, pageSize: 1 }).error?.issues.length, 3);
  });
});
