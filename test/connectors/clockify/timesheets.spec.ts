import assert from 'node:assert/strict';
import { z } from 'zod';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { TimesheetSource } from '../../../connectors/timesheet-source.ts';
import { addDays } from '../../../domain/dates.ts';
import { startOfDay } from '../../../sandbox/clockify/local-time.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { describeTimesheetSource, testClock, type Person, type TimeOffice } from '../conformance/timesheet-source.ts';
import { startWorkspace, type ClockifyWorkspace } from './support.ts';

const MONDAY = '2026-06-01';
const HOUR_MS = 3_600_000;

describe('Clockify timesheets', function () {
  this.timeout(60_000);
  const clock = testClock('2026-06-10T08:00:00Z');
  let workspace: ClockifyWorkspace;
  let source: TimesheetSource;
  let projectId: string;
  let taskId: string;
  const zones = new Map<string, string>();
  const projectNumber = 'US01-TECH-7K3QF9QX';

  const newSource = (options: Record<string, unknown> = {}, changes: { baseUrl?: string } = {}): TimesheetSource => {
    const { timesheets } = workspace.port(options, changes);
    assert.ok(!isUnsupported(timesheets));
    return timesheets;
  };

  before(async () => {
    workspace = await startWorkspace({ now: () => clock.now() });
    source = newSource();
    const clientId = await workspace.seedOne('clients', { name: 'Acme' });
    projectId = await workspace.seedOne('projects', { name: `${projectNumber} · Cloud migration`, clientId });
    taskId = await workspace.seedOne('tasks', { projectId, name: 'Senior Consultant' });
  });
  after(async () => workspace?.sandbox.close());

  const person = async (timeZone = 'Europe/Berlin'): Promise<Person> => {
    const email = `p${uniqueTag()}@northwind-consulting.example`;
    const id = await workspace.seedOne('users', { name: 'Test Person', email, timeZone });
    zones.set(id, timeZone);
    return { email, id };
  };
  const entryOf = (user: Person, date: string, hours: number, description = '') => {
    const start = startOfDay(date, zones.get(user.id) ?? 'UTC').getTime() + 9 * HOUR_MS;
    return { userId: user.id, projectId, taskId, description, start: new Date(start).toISOString(), end: new Date(start + hours * HOUR_MS).toISOString() };
  };
  const requestOf = async (user: Person, weekStart: string) => {
    const start = startOfDay(weekStart, zones.get(user.id) ?? 'UTC').toISOString();
    return String((await workspace.admin.state())['approval_requests']?.find((request) => request['userId'] === user.id && Date.parse(String(request['start'])) === Date.parse(start))?.['id']);
  };

  const office: TimeOffice = {
    system: 'clockify',
    projectNumber,
    laborCategory: 'SENIOR_CONSULTANT',
    clock,
    many: 1050,
    person,
    book: (user, { date, hours, notes }) => workspace.seedOne('time_entries', entryOf(user, date, hours, notes)),
    approve: (user, weekStart) => workspace.seedOne('approvals', { userId: user.id, weekStart, state: 'APPROVED' }),
    withdraw: async (user, weekStart) => void (await workspace.call('PATCH', `/approval-requests/${await requestOf(user, weekStart)}`, { state: 'WITHDRAWN_APPROVAL', note: 'a correction is needed' })),
    async change(_user, entryId, hours) {
      const entry = z.object({ timeInterval: z.object({ start: z.string() }), projectId: z.string(), taskId: z.string(), description: z.string() }).parse(await workspace.call('GET', `/time-entries/${entryId}`));
      const { start } = entry.timeInterval;
      await workspace.call('PUT', `/time-entries/${entryId}`, { ...entry, start, end: new Date(Date.parse(start) + hours * HOUR_MS).toISOString() });
    },
    remove: async (_user, entryId) => void (await workspace.call('DELETE', `/time-entries/${entryId}`)),
    async approveMany(weeks) {
      const people: Person[] = [];
      while (people.length < Math.ceil(weeks / 50)) people.push(await person());
      const sheets = Array.from({ length: weeks }, (_, index) => ({ user: people[index % people.length] ?? { id: '', email: '' }, weekStart: addDays('2025-01-06', 7 * Math.floor(index / people.length)) }));
      await workspace.admin.seed({ time_entries: sheets.map(({ user, weekStart }) => entryOf(user, weekStart, 8)) });
      const { approvals = [] } = await workspace.admin.seed({ approvals: sheets.map(({ user, weekStart }) => ({ userId: user.id, weekStart, state: 'APPROVED' })) });
      return new Set(approvals);
    },
  };

  // Nothing of what marking is answered is read.
  const marked = { html: 'contract HTTP_HTML unknown', huge: 'contract ANSWER_TOO_LARGE unknown', empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken', 'unknown-values': 'taken' } as const;
  describeTimesheetSource({ name: 'Clockify', badAnswers: { every: { 'unknown-values': 'refused' }, markInvoiced: marked }, source: () => source, office: () => office, faults: sandboxFaults(() => workspace.sandbox.url) });

  const changesOf = async (from: TimesheetSource, since: string) => {
    const found = [];
    for await (const change of from.changed(since, callContext())) found.push(change);
    return found;
  };
  const sweep = async (from: TimesheetSource, since: string) => (await changesOf(from, since)).flatMap((change) => ('sheet' in change ? [change.sheet] : []));
  const iso = () => new Date(clock.now()).toISOString();
  const approvedWeek = async (...hours: number[]) => {
    const user = await person();
    const entries: string[] = [];
    for (const [index, each] of hours.entries()) entries.push(await office.book(user, { date: addDays(MONDAY, index), hours: each }));
    return { user, entries, id: await office.approve(user, MONDAY) };
  };

  it('tells a request that is no timesheet as one that cannot be read, and every other as ever', async () => {
    const since = iso();
    const crowded = await person();
    await workspace.admin.seed({ time_entries: Array.from({ length: 501 }, () => entryOf(crowded, MONDAY, 0.01)) });
    const request = await office.approve(crowded, MONDAY);
    const { id } = await approvedWeek(8);
    const changes = await changesOf(source, since);
    const unreadable = changes.flatMap((change) => ('unreadable' in change ? [change.unreadable] : []));
    assert.deepEqual(unreadable.map((each) => [each.id, each.failure.kind, each.failure.code]), [[request, 'contract', 'CLOCKIFY_TIMESHEET_UNREADABLE']]);
    assert.match(unreadable[0]?.failure.message ?? '', /entries/);
    assert.ok(changes.some((change) => 'sheet' in change && change.sheet.id === id));
  });

  it('tells when the work was done by the clock, and who approved it', async () => {
    const user = await person('Asia/Kolkata');
    await office.book(user, { date: MONDAY, hours: 7.35 });
    const sheet = await source.load(await office.approve(user, MONDAY), callContext());
    assert.deepEqual(sheet?.entries[0]?.clock, { startedAt: '2026-06-01T03:30:00.000Z', endedAt: '2026-06-01T10:51:00.000Z', breakMinutes: 0 });
    assert.equal(sheet.entries[0].hours, '7.35');
    assert.deepEqual([sheet.approval.approver, sheet.approval.decidedAt], ['ingrid.solberg@northwind-consulting.example', new Date(Math.floor(clock.now() / 1000) * 1000).toISOString()]);
  });

  it('leaves out breaks and running timers, and takes time off only where it has a project', async () => {
    const user = await person();
    await office.book(user, { date: MONDAY, hours: 8 });
    for (const type of ['BREAK', 'TIME_OFF', 'HOLIDAY']) await workspace.seedOne('time_entries', { ...entryOf(user, addDays(MONDAY, 1), 1), type, projectId: undefined, taskId: undefined });
    await workspace.seedOne('time_entries', { ...entryOf(user, addDays(MONDAY, 2), 1), end: undefined });
    const id = await office.approve(user, MONDAY);
    assert.deepEqual((await source.load(id, callContext()))?.entries.map(({ hours }) => hours), ['8']);
    assert.deepEqual((await newSource({ timeOffProject: 'GB01-ABSENCE' }).load(id, callContext()))?.entries.map(({ projectNumber: number }) => number), [projectNumber, 'GB01-ABSENCE', 'GB01-ABSENCE']);
  });

  it('tells time without a project, or on a project that is none of ours, so that it goes back by name', async () => {
    const user = await person();
    const other = await workspace.seedOne('projects', { name: 'Vacation · 2026' });
    await workspace.seedOne('time_entries', { ...entryOf(user, MONDAY, 1), projectId: undefined, taskId: undefined });
    await workspace.seedOne('time_entries', { ...entryOf(user, addDays(MONDAY, 1), 1), projectId: other, taskId: undefined });
    const sheet = await source.load(await office.approve(user, MONDAY), callContext());
    assert.deepEqual(sheet?.entries.map(({ projectNumber: number, laborCategory, role }) => [number, laborCategory, role]), [['(no project)', null, null], ['Vacation', null, null]]);
  });

  it('reads a task as the labor category it stands for, or as a plain task', async () => {
    const { id } = await approvedWeek(8);
    const entryWith = async (options: Record<string, unknown>) => (await newSource(options).load(id, callContext()))?.entries[0];
    const named = await entryWith({ tasks: { SENIOR: 'senior consultant' } });
    assert.deepEqual([named?.laborCategory, named?.role, named?.task], ['SENIOR', 'Senior Consultant', null]);
    const plain = await entryWith({ plainTasks: ['Senior Consultant'] });
    assert.deepEqual([plain?.laborCategory, plain?.role, plain?.task], [null, null, 'Senior Consultant']);
  });

  it('writes into the note which entries are wrong, by day and project, and what to do', async () => {
    const { user, entries, id } = await approvedWeek(8, 6);
    const sheet = await source.load(id, callContext());
    assert.ok(sheet !== null && !isUnsupported(source.reject));
    clock.advance(60_000);
    await source.reject({ timesheetId: id, version: sheet.version, person: user.email, reason: 'One entry cannot be booked.', entries: [{ id: entries[1] ?? '', version: sheet.version, findings: [{ code: 'X', message: 'The project is closed.', mend: 'Book it on the next one.' }] }] }, callContext());
    const request = (await workspace.admin.state())['approval_requests']?.find((each) => each['id'] === id);
    assert.deepEqual([request?.['state'], request?.['note']], ['WITHDRAWN_APPROVAL', `One entry cannot be booked.\n2026-06-02, 6 h, ${projectNumber}: The project is closed. Book it on the next one.`]);
  });

  it('says each thing once where the reason is what stands with the entries', async () => {
    const { user, entries, id } = await approvedWeek(8);
    const version = (await source.load(id, callContext()))?.version ?? 0;
    assert.ok(!isUnsupported(source.reject));
    clock.advance(60_000);
    await source.reject({ timesheetId: id, version, person: user.email, reason: 'The project is closed. Book it on the next one.', entries: [{ id: entries[0] ?? '', version, findings: [{ code: 'X', message: 'The project is closed.', mend: 'Book it on the next one.' }] }] }, callContext());
    assert.equal((await source.load(id, callContext()))?.approval.reason, `2026-06-01, 8 h, ${projectNumber}: The project is closed. Book it on the next one.`);
  });

  it('keeps the order of what happens within a second', async () => {
    const user = await person();
    await office.book(user, { date: MONDAY, hours: 8 });
    const id = await workspace.seedOne('approvals', { userId: user.id, weekStart: MONDAY });
    const versions = [];
    versions.push((await source.load(id, callContext()))?.version);
    for (const state of ['APPROVED', 'WITHDRAWN_APPROVAL']) {
      await workspace.call('PATCH', `/approval-requests/${id}`, { state });
      versions.push((await source.load(id, callContext()))?.version);
    }
    const [first = 0] = versions;
    assert.deepEqual(versions, [first, first + 1, first + 2]);
    assert.ok(first < 2 ** 31);
  });

  it('gives back once also where the answer to it is lost', async () => {
    const { user, id } = await approvedWeek(8);
    const version = (await source.load(id, callContext()))?.version ?? 0;
    assert.ok(!isUnsupported(source.reject));
    const { reject } = source;
    clock.advance(60_000);
    await workspace.admin.fault({ kind: 'cut-after', method: 'PATCH', times: 1 });
    const rejection = { timesheetId: id, version, person: user.email, reason: 'Not this one.', entries: [] };
    const lost = await failureOf(() => reject(rejection, callContext()));
    assert.deepEqual([lost.kind, lost.written], ['in_doubt', 'unknown']);
    await reject(rejection, callContext());
    const patched = (await workspace.admin.requests()).filter(({ method, url, status }) => method === 'PATCH' && url.endsWith(id) && status > 0);
    assert.deepEqual(patched, [], 'nothing more was asked for than what took effect without an answer');
    assert.equal((await source.load(id, callContext()))?.approval.reason, 'Not this one.');
  });

  it('marks the very entries of an invoice as invoiced', async () => {
    const { entries } = await approvedWeek(8, 7, 6);
    assert.ok(!isUnsupported(source.markInvoiced));
    await source.markInvoiced(entries.slice(0, 2).map((id) => ({ id })), 'INV-7', callContext());
    const state = (await workspace.admin.state())['time_entries'] ?? [];
    assert.deepEqual(entries.map((id) => state.find((entry) => entry['id'] === id)?.['invoiced']), [true, true, false]);
  });

  it('tells a submitted week, rejected later, as nothing that was ever approved', async () => {
    const since = iso();
    const user = await person();
    await office.book(user, { date: MONDAY, hours: 8 });
    const id = await workspace.seedOne('approvals', { userId: user.id, weekStart: MONDAY });
    const [pending] = (await sweep(source, since)).filter((sheet) => sheet.id === id);
    assert.deepEqual([pending?.approval.status, pending?.entries], ['withdrawn', []]);
    clock.advance(60_000);
    await workspace.call('PATCH', `/approval-requests/${id}`, { state: 'REJECTED', note: 'not yet' });
    assert.equal(await source.load(id, callContext()), null, 'Clockify lists it no longer');
    assert.deepEqual((await sweep(source, since)).filter((sheet) => sheet.id === id), []);
  });

  it('misses no timesheet where others leave the list between two pages', async () => {
    clock.advance(3_600_000);
    const since = iso();
    const weeks: Awaited<ReturnType<typeof approvedWeek>>[] = [];
    for (let index = 0; index < 6; index += 1) {
      clock.advance(1000);
      weeks.push(await approvedWeek(index + 1));
    }
    clock.advance(1000);
    let reads = 0;
    const { createServer } = await import('node:http');
    const relay = createServer((request, response) => {
      const forward = async () => {
        // After the first page of approved requests, one of its two leaves the list and the others move up.
        if (request.url?.includes('status=APPROVED') === true && (reads += 1) === 2) await office.withdraw(weeks[5]?.user ?? { id: '', email: '' }, MONDAY);
        const answer = await fetch(`${workspace.sandbox.url}${request.url ?? ''}`, { headers: { 'x-api-key': workspace.credentials.apiKey } });
        response.writeHead(answer.status, { 'content-type': 'application/json', 'last-page': answer.headers.get('last-page') ?? 'true' }).end(await answer.text());
      };
      void forward();
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(relay.address());
    try {
      const found = await sweep(newSource({ pageSize: 2, overlapSeconds: 0 }, { baseUrl: `http://127.0.0.1:${port}` }), since);
      const ids = new Set(found.filter(({ approval }) => approval.status === 'approved').map((sheet) => sheet.id));
      assert.deepEqual(weeks.slice(0, 5).filter(({ id }) => !ids.has(id)), []);
      assert.equal(found.find((sheet) => sheet.id === weeks[5]?.id)?.approval.status, 'withdrawn');
    } finally {
      relay.closeAllConnections();
      relay.close();
    }
  });

  it('looks for a single timesheet as far back as it is told', async () => {
    const { id } = await approvedWeek(8);
    for (let index = 0; index < 3; index += 1) {
      clock.advance(40 * 86_400_000);
      await approvedWeek(1);
    }
    assert.equal(await newSource({ pageSize: 1, lookBackDays: 30 }).load(id, callContext()), null);
    assert.equal((await newSource({ pageSize: 1, lookBackDays: 200 }).load(id, callContext()))?.id, id);
  });

  it('fails by name where the key is unknown, of another workspace, or the address is wrong', async () => {
    const { credentials } = workspace;
    const failing = async (changes: { credentials?: unknown; baseUrl?: string }) => {
      const { timesheets } = workspace.port({}, changes);
      assert.ok(!isUnsupported(timesheets));
      return failureOf(() => timesheets.load('567687e20000000000000001', callContext()));
    };
    assert.equal((await failing({ credentials: { ...credentials, apiKey: 'other' } })).kind, 'configuration');
    const forbidden = await failing({ credentials: { ...credentials, workspaceId: '0123456789abcdef01234567' } });
    assert.deepEqual([forbidden.kind, forbidden.code], ['configuration', 'CLOCKIFY_FORBIDDEN']);
    const wrong = await failing({ baseUrl: `${workspace.sandbox.url}/api/v1` });
    assert.deepEqual([wrong.kind, wrong.code], ['contract', 'CLOCKIFY_NO_SUCH_ROUTE']);
  });

  it('waits once more than its requests per second are asked for', async () => {
    const strict = await startWorkspace({ now: () => clock.now(), options: { requestsPerSecond: 1 } });
    try {
      const { timesheets } = strict.port();
      assert.ok(!isUnsupported(timesheets));
      const failure = await failureOf(() => sweep(timesheets, iso()));
      assert.deepEqual([failure.kind, failure.code, failure.retryAfterMs, failure.written], ['transient', 'CLOCKIFY_RATE_LIMIT', 1000, 'no']);
    } finally {
      await strict.sandbox.close();
    }
  });
});
