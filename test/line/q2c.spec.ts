import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import type { DealReference } from '../../domain/process/deal-process.ts';
import { projectFolder } from '../../scripts/data-folder.ts';
import { keepTicket, ticketNumbered } from '../../store/case-tickets.ts';
import { activeConfigHash } from '../../store/config-versions.ts';
import { quarantineEvent } from '../../store/inbox.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { anOpportunity } from '../builders/opportunity.ts';

interface Ran {
  readonly code: number;
  readonly text: string;
  readonly errors: string;
}

describe('The q2c command, against a running line', function () {
  this.timeout(90_000);
  let line: SandboxLine;
  let dataDir: string;
  before(async () => {
    line = await startSandboxLine();
    dataDir = await mkdtemp(join(tmpdir(), 'q2c-cli-'));
    await writeFile(join(dataDir, 'credentials.json'), JSON.stringify(line.credentials), { mode: 0o600 });
    const temporal = { address: process.env['TEMPORAL_ADDRESS'], namespace: process.env['TEMPORAL_NAMESPACE'] };
    await writeFile(join(dataDir, 'endpoints.json'), JSON.stringify({ ...line.endpoints, temporal, ui: { url: 'http://127.0.0.1:8233' } }));
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
    await rm(dataDir, { recursive: true, force: true });
  });

  function q2c(...args: readonly string[]): Promise<Ran> {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_|DATABASE_URL$)/.test(name)));
    return new Promise((resolve) => {
      execFile(process.execPath, ['starters/q2c/main.ts', ...args], { cwd: projectFolder, env: { ...env, Q2C_DATA_DIR: dataDir } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text: stdout, errors: stderr });
      });
    });
  }

  async function json<Value>(schema: z.ZodType<Value>, ...args: readonly string[]): Promise<Value> {
    const ran = await q2c('--json', ...args);
    assert.notEqual(ran.text, '', ran.errors);
    return schema.parse(JSON.parse(ran.text));
  }

  const nameOf = (deal: DealReference) => `${deal.crm}/${deal.opportunityId}`;
  const statusSchema = z.looseObject({ state: z.string(), steps: z.array(z.looseObject({ step: z.string(), system: z.string(), state: z.string(), externalId: z.string().nullable(), url: z.string().nullable() })) });
  const casesSchema = z.array(z.looseObject({ case_id: z.string(), code: z.string(), permitted_actions: z.array(z.string()) }));

  it('shows where a deal stands, with each system\'s ID, as text and as JSON', async () => {
    const sale = aSale();
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    const [all, one, status, unknown] = await Promise.all([q2c('status'), q2c('status', nameOf(deal)), json(statusSchema, 'status', deal.opportunityId), q2c('status', 'salesforce/nobody')]);
    assert.match(all.text, new RegExp(`${nameOf(deal)} +activated`));
    assert.match(one.text, /^Deal salesforce\/006\S+ · activated/);
    assert.match(one.text, new RegExp(`/namespaces/default/workflows/closed-won%2Fsalesforce%2F${deal.opportunityId}`));
    const { netsuite } = await line.inventory(sale.client.name);
    assert.match(one.text, new RegExp(netsuite.jobs[0]?.number ?? 'no project'));
    assert.equal(status.state, 'activated');
    assert.deepEqual(status.steps.map(({ step }) => step).toSorted(), ['billing-schedule', 'contract', 'customer', 'project', 'rate-card', 'reporting', 'resources', 'time-project']);
    for (const step of status.steps) assert.ok(step.state === 'done' && step.externalId !== null, step.step);
    assert.match(status.steps.find(({ step, system }) => step === 'project' && system === 'netsuite')?.url ?? '', /project\.nl\?id=/);
    assert.equal(unknown.code, 1);
    assert.match(unknown.errors, /no deal matches/);
  });

  it('lists an exception, refuses who may not resolve it, and resolves it for who may', async () => {
    const base = aSale();
    const deal = await line.sell({ ...base, contract: { ...base.contract, status: 'In Approval Process' } });
    const open = await line.openCase(deal, 'CONTRACT_NOT_SIGNED');
    await keepTicket(line.store.db, { caseId: open.case_id, desk: 'service-desk', externalId: '10007', url: 'https://northwind.example/browse/FIN-7', told: { severity: open.severity, owner: open.owner, dueAt: null, escalations: 0, lastChange: null }, toldAt: open.updated_at });
    await ticketNumbered(line.store.db, open.case_id, 'FIN-7');
    const [text, cases] = await Promise.all([q2c('exceptions', '--deal', nameOf(deal)), json(casesSchema, 'exceptions', '--deal', nameOf(deal))]);
    assert.match(text.text, /CONTRACT_NOT_SIGNED · high · owner sales_operations/);
    assert.match(text.text, new RegExp(`resolve ${open.case_id} <`));
    assert.match(text.text, /ticket FIN-7 in service-desk · https:\/\/northwind\.example\/browse\/FIN-7/);
    assert.match((await q2c('status', nameOf(deal))).text, /ticket FIN-7/);
    assert.deepEqual(cases.map(({ case_id }) => case_id), [open.case_id]);

    const refused = await q2c('resolve', open.case_id, 'override', '--by', 'priya', '--reason', 'the client is in a hurry');
    assert.equal(refused.code, 1);
    assert.match(refused.text, /^Refused: /);
    const notPermitted = await q2c('resolve', open.case_id, 'confirm_done', '--by', 'carla', '--reason', 'done', '--external-id', '1');
    assert.equal(notPermitted.code, 1);
    const accepted = await q2c('resolve', open.case_id, 'override', '--by', 'carla', '--reason', 'signed on paper, scan follows');
    assert.deepEqual([accepted.code, accepted.errors], [0, '']);
    await line.ended(deal, 'activated');
    assert.match((await q2c('exceptions', '--deal', nameOf(deal))).text, /No exception case is open/);
    assert.match((await q2c('audit', 'show', nameOf(deal))).text, /carla +case\.resolved +override by carla: signed on paper/);
  });

  const inboxSchema = z.object({ rows: z.array(z.looseObject({ id: z.number(), business_key: z.string(), state: z.string() })) });

  it('replays a quarantined event once today\'s reader understands it, and keeps one that it does not', async () => {
    await line.setWebhooks('hubspot', false);
    const sale = aSale({ crm: 'hubspot' });
    const deal = await line.sell(sale);
    await line.setWebhooks('hubspot', true);
    const event = { eventId: 41, subscriptionId: 1, portalId: Number(line.credentials.hubspot.portalId), appId: 1, occurredAt: Date.now(), subscriptionType: 'deal.propertyChange', attemptNumber: 0, objectId: Number(deal.opportunityId), propertyName: 'dealstage', propertyValue: 'closedwon', changeSource: 'CRM_UI' };
    const kept = await quarantineEvent(line.store.db, { source: 'hubspot', eventId: `sha256:${randomUUID()}`, kind: 'deal.changed', businessKey: deal.opportunityId, version: null, occurredAt: null, headers: {}, rawBody: Buffer.from(JSON.stringify([event])), payload: event }, { error: 'an earlier version could not read it', findings: [] });
    assert.equal(await deliverToHubSpotHook([{ nothing: 'known' }]), 422);
    const nameless = (await json(inboxSchema, 'inbox', '--state', 'quarantined')).rows.find((row) => row.business_key === '');
    assert.match((await q2c('inbox')).text, new RegExp(`${kept.id} .*hubspot +${deal.opportunityId} +quarantined`));
    const [replayed, unreadable, unknown] = await Promise.all([kept.id, nameless?.id, 999_999].map((id) => q2c('replay', String(id), '--by', 'ines', '--reason', 'the reader was mended')));
    assert.deepEqual([replayed?.code, unreadable?.code, unknown?.code], [0, 1, 1], `${replayed?.text}${replayed?.errors}`);
    await line.ended(deal, 'activated');
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    assert.ok((await json(inboxSchema, 'inbox', '--state', 'quarantined')).rows.some((row) => row.id === nameless?.id));
    assert.match((await q2c('doctor')).text, /✗ inbox: .*1 in quarantine/);
    assert.equal((await q2c('dismiss', String(nameless?.id), '--by', 'ines', '--reason', 'it names no deal')).code, 0);
  });

  it('starts nothing for a deal that does not follow the API, and sets it aside when told to', async () => {
    const { lines: _lines, ...rest } = anOpportunity({ id: `D-${randomUUID().slice(0, 8)}` });
    const { deal, status } = await line.post({ ...rest, lines: JSON.parse('[{"id":1}]') });
    assert.equal(status, 422);
    const row = (await json(inboxSchema, 'inbox', '--state', 'quarantined')).rows.find((each) => each.business_key === deal.opportunityId);
    const replayed = await q2c('replay', String(row?.id), '--by', 'ines', '--reason', 'try again');
    assert.equal(replayed.code, 1);
    assert.match(replayed.text, /lines/);
    assert.equal((await q2c('status', nameOf(deal))).code, 1, 'no process knows the deal');
    assert.equal((await q2c('dismiss', String(row?.id), '--by', 'ines', '--reason', 'it will be sent anew')).code, 0);
    assert.equal((await json(inboxSchema, 'inbox', '--state', 'quarantined')).rows.some((each) => each.id === row?.id), false);
  });

  it('names each mistake of a configuration, and activating the mended one wakes the deal that waited for it', async () => {
    const folder = join(dataDir, 'config');
    await cp(join(projectFolder, 'config'), folder, { recursive: true });
    const change = async (file: string, from: string, to: string) => {
      const text = await readFile(join(folder, file), 'utf8');
      assert.ok(text.includes(from));
      await writeFile(join(folder, file), text.replace(from, to));
    };
    const sale = aSale({ practice: 'Quantum' });
    const deal = await line.sell(sale);
    await line.openCase(deal, 'PRACTICE_NOT_ALIGNED');

    await change('service-lines.yaml', 'practices: [Technology, Digital Engineering]', 'practices: [Technology, Digital Engineering, Quantum]');
    await change('service-lines.yaml', 'defaultTemplate: DELIVERY', 'defaultTemplate: NOWHERE');
    const before = await activeConfigHash(line.store.db);
    const [checked, refused] = await Promise.all([q2c('config', 'check', '--dir', folder), q2c('config', 'activate', '--dir', folder, '--by', 'priya')]);
    assert.deepEqual([checked.code, refused.code], [1, 1]);
    for (const { text } of [checked, refused]) assert.match(text, /service-lines\.yaml[\s\S]*NOWHERE/);
    assert.equal(await activeConfigHash(line.store.db), before, 'a configuration with a mistake is not put in force');

    await change('service-lines.yaml', 'defaultTemplate: NOWHERE', 'defaultTemplate: DELIVERY');
    const activated = await json(z.object({ changed: z.boolean(), woken: z.array(z.string()) }), 'config', 'activate', '--dir', folder, '--by', 'priya');
    assert.deepEqual(activated, { changed: true, woken: [`closed-won/${nameOf(deal)}`] });
    await line.ended(deal, 'activated');
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    assert.match((await q2c('config', 'history')).text, /priya/);
  });

  it('finds the audit trail whole and every part well', async () => {
    const [audit, doctor] = await Promise.all([q2c('audit', 'verify'), q2c('doctor')]);
    assert.equal(audit.code, 0, audit.text);
    assert.match(audit.text, /The audit trail is whole: \d+ lines/);
    assert.equal(doctor.code, 0, `${doctor.text}${doctor.errors}`);
    assert.doesNotMatch(doctor.text, /✗/);
  });

  /** @returns the HTTP status */
  async function deliverToHubSpotHook(events: readonly object[]): Promise<number> {
    const url = `${line.gatewayUrl}/webhooks/hubspot`;
    const body = JSON.stringify(events);
    const timestamp = String(Date.now());
    const signature = createHmac('sha256', line.credentials.hubspot.clientSecret).update(`POST${url}${body}${timestamp}`).digest('base64');
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp }, body });
    return answer.status;
  }
});
