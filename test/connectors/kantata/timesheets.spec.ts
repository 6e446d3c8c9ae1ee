import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { TimesheetSource } from '../../../connectors/timesheet-source.ts';
import { addDays } from '../../../domain/dates.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { PostedEntry } from '../../../domain/model/time/enriched-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { planDropped, planWithdrawal } from '../../../domain/rules/timesheet/adjust.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { theFirm } from '../../builders/firm.ts';
import { anAssignment, aPerson, aProject, aRate, aTimeContext, posted } from '../../builders/time.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { describeTimesheetSource, testClock, type Booking, type Person, type TimeOffice } from '../conformance/timesheet-source.ts';
import { startAccount, throughRelay, type KantataAccount } from './support.ts';

const MONDAY = '2026-06-01';

describe('Kantata timesheets', function () {
  this.timeout(60_000);
  const clock = testClock('2026-06-10T08:00:00Z');
  const projectNumber = 'US01-TECH-7K3QF9QX';
  const otherNumber = 'US01-DATA-9M2RW4TZ';
  let account: KantataAccount;
  let source: TimesheetSource;
  let project: string;
  let otherProject: string;
  let task: string;
  let roleId: number;
  const faults = sandboxFaults(() => account.sandbox.url);

  const newSource = (options: Record<string, unknown> = {}, changes: { baseUrl?: string } = {}): TimesheetSource => {
    const { timesheets } = account.time(options, changes);
    assert.ok(!isUnsupported(timesheets));
    return timesheets;
  };
  const workspace = (number: string, title = `${number} · Cloud migration`) =>
    account.seedOne('workspaces', { title, price: 1, require_time_approvals: true, external_reference: { service_name: 'q2c', service_model: 'project', service_model_ref: number } });

  before(async () => {
    account = await startAccount({ now: () => clock.now() });
    source = newSource();
    project = await workspace(projectNumber);
    otherProject = await workspace(otherNumber);
    task = await account.seedOne('stories', { workspace_id: Number(project), title: '2 · Build', external_reference: { service_name: 'q2c', service_model: 'wbs-element', service_model_ref: `${projectNumber}/2` } });
    roleId = Number((await account.rows('/roles?per_page=200')).find(({ name }) => name === 'Senior Consultant')?.['id']);
  });
  after(async () => account?.sandbox.close());

  const person = async (): Promise<Person> => {
    const email = `p${uniqueTag()}@northwind-consulting.example`;
    return { email, id: await account.seedOne('users', { full_name: 'Test Person', email_address: email }) };
  };
  const entryOf = (user: Person, { date, hours, notes }: Booking, workspaceId = project) => ({ workspace_id: Number(workspaceId), user_id: Number(user.id), role_id: roleId, date_performed: date, time_in_minutes: Math.round(hours * 60), ...(notes === undefined ? {} : { notes }) });
  const book = (user: Person, booking: Booking, workspaceId = project) => account.seedOne('time_entries', entryOf(user, booking, workspaceId));
  const approve = (user: Person, weekStart: string, workspaceId = project) => account.seedOne('timesheet_submissions', { user_id: user.id, workspace_id: workspaceId, week_start: weekStart, status: 'approved' });
  const submissionOf = async (user: Person, weekStart: string, workspaceId = project) => {
    const [found] = await account.rows(`/timesheet_submissions?user_ids=${user.id}&workspace_id=${workspaceId}&start_date=${weekStart}&statuses=approved`);
    return String(found?.['id']);
  };
  const resolve = (id: string, action: 'approve' | 'reject' | 'cancel', description = 'a correction is needed') => account.call('PUT', `/timesheet_submissions/${id}/${action}`, { resolution: { description } });

  const office: TimeOffice = {
    system: 'kantata',
    projectNumber,
    laborCategory: 'SENIOR_CONSULTANT',
    clock,
    many: 1050,
    person,
    book: (user, booking) => book(user, booking),
    approve: (user, weekStart) => approve(user, weekStart),
    withdraw: async (user, weekStart) => void (await resolve(await submissionOf(user, weekStart), 'reject')),
    change: async (_user, entryId, hours) => void (await account.call('PUT', `/time_entries/${entryId}`, { time_entry: { time_in_minutes: Math.round(hours * 60) } })),
    remove: async (_user, entryId) => void (await account.call('DELETE', `/time_entries/${entryId}`)),
    async approveMany(weeks) {
      const people: Person[] = [];
      while (people.length < Math.ceil(weeks / 50)) people.push(await person());
      const sheets = Array.from({ length: weeks }, (_, index) => ({ user: people[index % people.length] ?? { id: '', email: '' }, week: addDays('2025-01-06', 7 * Math.floor(index / people.length)) }));
      await account.admin.seed({ time_entries: sheets.map(({ user, week }) => entryOf(user, { date: week, hours: 8 })) });
      const seeded = await account.admin.seed({ timesheet_submissions: sheets.map(({ user, week }) => ({ user_id: user.id, workspace_id: project, week_start: week, status: 'approved' })) });
      return new Set(seeded['timesheet_submissions']);
    },
  };

  describeTimesheetSource({ name: 'Kantata', badAnswers: { every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } }, source: () => source, office: () => office, faults });

  const changesOf = async (from: TimesheetSource, since: string) => {
    const found = [];
    for await (const change of from.changed(since, callContext())) found.push(change);
    return found;
  };
  const sheetsOf = async (from: TimesheetSource, since: string): Promise<Timesheet[]> => (await changesOf(from, since)).flatMap((change) => ('sheet' in change ? [change.sheet] : []));
  const loaded = async (id: string): Promise<Timesheet> => {
    const sheet = await source.load(id, callContext());
    assert.ok(sheet !== null);
    return sheet;
  };
  const iso = () => new Date(clock.now()).toISOString();
  const later = () => clock.advance(60_000);
  beforeEach(() => clock.advance(3_600_000));

  describe('A week on several projects', () => {
    const contextOf = async (user: Person, before: readonly PostedEntry[]): Promise<TimesheetContext> => {
      const { config } = await theFirm();
      const numbers = [projectNumber, otherNumber];
      return aTimeContext(config, {
        asOf: '2026-06-09T12:00:00.000Z', people: [aPerson({ email: user.email, laborCategory: 'SENIOR_CONSULTANT', approvers: [] })], projects: numbers.map((number) => aProject({ number, tasks: [] })),
        assignments: numbers.map((number) => anAssignment({ person: user.email, projectNumber: number, laborCategory: 'SENIOR_CONSULTANT' })), rates: numbers.map((number) => aRate({ projectNumber: number, laborCategory: 'SENIOR_CONSULTANT' })), posted: [...before],
      });
    };

    it('is a timesheet for each project, each with its own approver, state and reasons', async () => {
      const since = iso();
      const user = await person();
      const entries = [await book(user, { date: MONDAY, hours: 5 }), await book(user, { date: MONDAY, hours: 3 }, otherProject)];
      const one = await approve(user, MONDAY);
      later();
      const two = await account.seedOne('timesheet_submissions', { user_id: user.id, workspace_id: otherProject, week_start: MONDAY, status: 'pending' });
      assert.deepEqual((await sheetsOf(source, since)).map(({ id, entries: told }) => [id, told.map((entry) => [entry.id, entry.projectNumber])]), [[one, [[entries[0], projectNumber]]]], 'what one project lead has not decided holds nothing else up, and is told to nobody');
      later();
      await resolve(two, 'approve');
      const [first, second] = await sheetsOf(source, since);
      assert.deepEqual([first?.id, second?.id, second?.person, second?.weekStart, second?.entries.map((entry) => [entry.id, entry.projectNumber])], [one, two, user.email, MONDAY, [[entries[1], otherNumber]]]);
      assert.deepEqual(first, await loaded(one), 'a decision about one is no new version of the other');
      later();
      await resolve(two, 'reject', 'Whose time is this?');
      assert.deepEqual([(await loaded(one)).approval.status, (await loaded(two)).approval], ['approved', { ...(await loaded(two)).approval, status: 'withdrawn', reason: 'Whose time is this?' }]);
    });

    it('is weighed as one week by the rules, in whatever order its projects are approved', async () => {
      for (const order of [[project, otherProject], [otherProject, project]]) {
        const user = await person();
        for (let day = 0; day < 5; day += 1) for (const each of order) await book(user, { date: addDays(MONDAY, day), hours: 7 }, each);
        const sheets: Timesheet[] = [];
        for (const each of order) {
          later();
          sheets.push(await loaded(await approve(user, MONDAY, each)));
        }
        const [first, second] = sheets;
        assert.ok(first !== undefined && second !== undefined && first.version < second.version);
        const alone = validateTimesheet(first, await contextOf(user, []));
        assert.deepEqual([alone.accepted.length, alone.rejected.flatMap(({ findings }) => findings.map(({ code }) => code))], [5, []]);
        const together = validateTimesheet(second, await contextOf(user, alone.accepted.map((labor) => posted(labor))));
        assert.equal(together.accepted.length + together.rejected.length, 5);
        const overtime = [...together.accepted.flatMap(({ pay }) => pay), ...together.payChanges.flatMap(({ labor }) => labor.pay)].filter(({ multiplier }) => Number(multiplier) > 1);
        assert.ok(together.rejected.length > 0 || overtime.length > 0, 'seventy hours in a week are noticed over both timesheets');
      }
    });

    it('keeps what is in force when time comes back under another timesheet before the old one is told as withdrawn', async () => {
      const user = await person();
      const entries = [await book(user, { date: MONDAY, hours: 8 }), await book(user, { date: addDays(MONDAY, 1), hours: 6 })];
      later();
      const old = await loaded(await approve(user, MONDAY));
      const before = validateTimesheet(old, await contextOf(user, [])).accepted.map((labor) => posted(labor));
      assert.equal(before.length, 2);
      later();
      await resolve(old.id, 'cancel');
      later();
      await office.change(user, entries[0] ?? '', 7.75);
      await office.remove(user, entries[1] ?? '');
      later();
      const again = await loaded(await approve(user, MONDAY));
      const withdrawn = await loaded(old.id);
      assert.notEqual(again.id, old.id, 'Kantata makes a new submission of what is submitted again');
      assert.ok(withdrawn.version > old.version && again.version > withdrawn.version);

      // The new one first: the correction stands in, and the withdrawal then takes back only what did not come again.
      const corrected = validateTimesheet(again, await contextOf(user, before)).accepted;
      assert.deepEqual(corrected.map(({ entry, outcome }) => [entry.id, entry.hours, outcome]), [[entries[0], '7.75', 'correction']]);
      assert.deepEqual(planDropped(again, await contextOf(user, before)), []);
      const after = [...before.map((one): PostedEntry => (one.labor.entry.id === entries[0] ? { ...one, state: 'superseded' } : one)), ...corrected.map((labor) => posted(labor))];
      const taken = planWithdrawal({ system: withdrawn.system, id: withdrawn.id, version: withdrawn.version }, await contextOf(user, after));
      assert.deepEqual(taken.map(({ lines }) => lines.map(({ of, hours }) => [of.id, hours])), [[[entries[1], '-6']]]);

      // The withdrawal first: all of it is taken back, and what came again is new.
      const reversed = before.map((one): PostedEntry => ({ ...one, state: 'reversed' }));
      assert.equal(planWithdrawal({ system: withdrawn.system, id: withdrawn.id, version: withdrawn.version }, await contextOf(user, before)).length, 2);
      assert.deepEqual(validateTimesheet(again, await contextOf(user, reversed)).accepted.map(({ entry, outcome }) => [entry.id, outcome]), [[entries[0], 'new']]);
    });
  });

  it('tells approval and rejection of one second in their order', async () => {
    const user = await person();
    await book(user, { date: MONDAY, hours: 8 });
    const id = await approve(user, MONDAY);
    const { version } = await loaded(id);
    await resolve(id, 'reject');
    assert.ok((await loaded(id)).version > version);
  });

  it('tells the task by its WBS code, the role and its labor category, and time without either as it is', async () => {
    const user = await person();
    const onTask = await account.seedOne('time_entries', { ...entryOf(user, { date: MONDAY, hours: 8 }), story_id: Number(task), billable: false });
    const foreignTask = await account.seedOne('stories', { workspace_id: Number(project), title: 'Team lunch' });
    const atLunch = await account.seedOne('time_entries', { ...entryOf(user, { date: addDays(MONDAY, 1), hours: 1 }), story_id: Number(foreignTask) });
    const plain = await account.seedOne('time_entries', { ...entryOf(user, { date: addDays(MONDAY, 2), hours: 0.35 }), role_id: null });
    const id = await approve(user, MONDAY);
    const told = (sheet: Timesheet) => sheet.entries.map((entry) => [entry.id, entry.task, entry.role, entry.laborCategory, entry.hours, entry.billable]);
    assert.deepEqual(told(await loaded(id)), [[onTask, '2', 'Senior Consultant', 'SENIOR_CONSULTANT', '8', false], [atLunch, 'Team lunch', 'Senior Consultant', 'SENIOR_CONSULTANT', '1', true], [plain, null, null, null, '0.35', true]]);
    const renamed = await newSource({ roles: { LEAD: 'senior consultant' } }).load(id, callContext());
    assert.equal(renamed?.entries[0]?.laborCategory, 'LEAD');
    const without = await newSource({ plainRoles: ['Senior Consultant'] }).load(id, callContext());
    assert.deepEqual([without?.entries[0]?.role, without?.entries[0]?.laborCategory], [null, null]);
  });

  it('tells time of projects that are not ours by their title, and of projects that are over', async () => {
    const user = await person();
    const foreign = await account.seedOne('workspaces', { title: 'Somebody else\'s project', price: 1, require_time_approvals: true });
    await book(user, { date: MONDAY, hours: 2 }, foreign);
    assert.deepEqual((await loaded(await approve(user, MONDAY, foreign))).entries.map((entry) => entry.projectNumber), ['Somebody else\'s project']);
    const over = await workspace(`GB01-TECH-${uniqueTag().toUpperCase()}`);
    const story = await account.seedOne('stories', { workspace_id: Number(over), title: 'Handover' });
    await account.seedOne('time_entries', { ...entryOf(user, { date: MONDAY, hours: 2 }, over), story_id: Number(story) });
    const id = await approve(user, MONDAY, over);
    await account.seedOne('workspaces', { id: over, archived: true });
    assert.deepEqual((await loaded(id)).entries.map((entry) => [entry.hours, entry.task]), [['2', 'Handover']]);
  });

  it('names who approved, and a person without an address so that the rules give the time back', async () => {
    const nobody = await account.seedOne('users', { full_name: 'No Address', email_address: 'none' });
    await book({ id: nobody, email: '' }, { date: MONDAY, hours: 2 });
    const sheet = await loaded(await approve({ id: nobody, email: '' }, MONDAY));
    assert.deepEqual([sheet.person, sheet.approval.approver, sheet.approval.decidedAt], [`user-${nobody}@kantata.invalid`, 'ingrid.solberg@northwind-consulting.example', new Date(Math.floor(clock.now() / 1000) * 1000).toISOString()]);
  });

  it('reads a list whose ties come in another order with each page until it has them all', async () => {
    const since = iso();
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) {
      const user = await person();
      await book(user, { date: MONDAY, hours: 1 });
      ids.push(await approve(user, MONDAY));
    }
    await account.mode('unstable-order');
    try {
      const small = newSource({ pageSize: 9 });
      let told: Timesheet[] | undefined;
      for (let attempt = 0; attempt < 10 && told === undefined; attempt += 1) told = await sheetsOf(small, since).catch(() => undefined);
      assert.deepEqual(told?.map(({ id }) => id).toSorted(), ids.toSorted(), 'all or a failure, never fewer');
    } finally {
      await account.mode('default');
    }
  });

  it('does not tell time under an approval that was taken back while it was read', async () => {
    const since = iso();
    const user = await person();
    const entry = await book(user, { date: MONDAY, hours: 8 });
    const id = await approve(user, MONDAY);
    let taken = false;
    let told: Timesheet[] = [];
    const takeBack = async (url: string) => {
      if (taken || !url.includes('/time_entries?')) return;
      taken = true;
      later();
      await resolve(id, 'reject');
      await office.change(user, entry, 1);
    };
    await throughRelay(account, async (baseUrl) => {
      told = await sheetsOf(newSource({}, { baseUrl }), since);
    }, { before: takeBack });
    assert.deepEqual([taken, told.map((sheet) => [sheet.id, sheet.approval.status, sheet.entries])], [true, [[id, 'withdrawn', []]]]);
  });

  it('tells a timesheet whose time it cannot see as one that cannot be read, and every other as ever', async () => {
    const since = iso();
    const user = await person();
    const entry = await book(user, { date: MONDAY, hours: 8 });
    const hidden = await approve(user, MONDAY);
    await account.seedOne('time_entries', { id: entry, active_submission_id: null });
    const crowded = await person();
    await account.admin.seed({ time_entries: Array.from({ length: 501 }, () => entryOf(crowded, { date: MONDAY, hours: 0.02 })) });
    const full = await approve(crowded, MONDAY);
    const other = await person();
    await book(other, { date: MONDAY, hours: 8 });
    const id = await approve(other, MONDAY);
    const broken = await person();
    await book(broken, { date: MONDAY, hours: 8 });
    const without = await approve(broken, MONDAY);
    await account.seedOne('timesheet_submissions', { id: without, start_date: 'someday' });
    const changes = await changesOf(source, since);
    const unread = changes.flatMap((change) => ('unreadable' in change ? [change.unreadable] : []));
    assert.deepEqual(unread.map((each) => [each.id, each.failure.kind, each.failure.code]).toSorted(), [hidden, full, without].map((each) => [each, 'contract', 'KANTATA_TIMESHEET_UNREADABLE']).toSorted());
    assert.match(unread.find((each) => each.id === hidden)?.failure.message ?? '', /does not show all of its 1 time entries/);
    assert.match(unread.find((each) => each.id === without)?.failure.message ?? '', /start_date/);
    assert.ok(changes.some((change) => 'sheet' in change && change.sheet.id === id));
    for (const each of [hidden, without]) assert.equal((await failureOf(() => source.load(each, callContext()))).code, 'KANTATA_TIMESHEET_UNREADABLE');
    // So that no later test reads it.
    await account.seedOne('timesheet_submissions', { id: without, start_date: MONDAY });
  });

  it('takes no approved time back for a state it does not know: a person reads it', async () => {
    const user = await person();
    await book(user, { date: MONDAY, hours: 8 });
    const id = await approve(user, MONDAY);
    const since = iso();
    await account.seedOne('timesheet_submissions', { id, status: 'partially_invoiced', updated_at: iso() });
    const changes = await changesOf(source, since);
    assert.deepEqual(changes.filter((change) => 'sheet' in change && change.sheet.id === id), []);
    assert.deepEqual(changes.flatMap((change) => ('unreadable' in change ? [[change.unreadable.id, change.unreadable.failure.code]] : [])), [[id, 'KANTATA_TIMESHEET_UNREADABLE']]);
    await account.seedOne('timesheet_submissions', { id, status: 'approved' });
  });

  describe('Giving a timesheet back', () => {
    const rejectionOf = (sheet: Timesheet) => ({ timesheetId: sheet.id, version: sheet.version, person: sheet.person, reason: 'There is no project US01-X: pick it again.', entries: sheet.entries.map(({ id, version }) => ({ id, version, findings: [{ code: 'PROJECT_UNKNOWN', message: 'There is no project US01-X.', mend: 'Pick the project again.' }] })) });
    const reject = (sheet: Timesheet) => {
      assert.ok(!isUnsupported(source.reject));
      return source.reject(rejectionOf(sheet), callContext());
    };
    const approvedSheet = async () => {
      const user = await person();
      await account.seedOne('time_entries', { ...entryOf(user, { date: MONDAY, hours: 7.5 }), story_id: Number(task) });
      return loaded(await approve(user, MONDAY));
    };
    afterEach(() => account.mode('default'));

    it('tells the person each entry by its day, with what to do', async () => {
      const sheet = await approvedSheet();
      later();
      await reject(sheet);
      const [submission] = await account.rows(`/timesheet_submissions?only=${sheet.id}`);
      assert.deepEqual([submission?.['status'], submission?.['current_resolution_description']], ['rejected', 'There is no project US01-X: pick it again.\n2026-06-01, 7.5 h, 2: There is no project US01-X. Pick the project again.']);
    });

    it('cancels where an approval can be cancelled only', async () => {
      await account.mode('approved-can-be-cancelled-only');
      const sheet = await approvedSheet();
      later();
      await reject(sheet);
      assert.deepEqual((await account.rows(`/timesheet_submissions?only=${sheet.id}`)).map((each) => [each['status'], /US01-X/.test(String(each['current_resolution_description']))]), [['cancelled', true]]);
      assert.equal((await loaded(sheet.id)).approval.status, 'withdrawn');
    });

    it('becomes a case for people where approvals are final, or the time is invoiced in Kantata', async () => {
      const sheet = await approvedSheet();
      await account.mode('approved-is-final');
      const final = await failureOf(() => reject(sheet));
      assert.deepEqual([final.kind, final.code, final.written], ['business_rule', 'KANTATA_APPROVAL_FINAL', 'no']);
      assert.match(final.mend, /Account Administrator/);
      await account.mode('default');
      await account.seedOne('time_entries', { id: sheet.entries[0]?.id ?? '', is_invoiced: true });
      assert.equal((await failureOf(() => reject(sheet))).code, 'KANTATA_APPROVAL_FINAL');
      assert.deepEqual(await loaded(sheet.id), sheet, 'nothing changed, and being invoiced is no new version');
    });

    it('leaves no doubt after an answer that was lost', async () => {
      const sheet = await approvedSheet();
      later();
      await faults.next({ kind: 'cut-after', method: 'PUT' });
      assert.deepEqual([(await failureOf(() => reject(sheet))).kind], ['in_doubt']);
      const after = await loaded(sheet.id);
      assert.equal(after.approval.status, 'withdrawn');
      later();
      await reject(sheet);
      assert.deepEqual(await loaded(sheet.id), after);
    });
  });

  it('waits a little where the limit is reached, as nothing says how long', async () => {
    const strict = await startAccount({ now: () => clock.now(), options: { requestsPerSecond: 1 } });
    try {
      const { timesheets } = strict.time();
      assert.ok(!isUnsupported(timesheets));
      assert.equal(await timesheets.load('170000001', callContext()), null);
      const failure = await failureOf(() => timesheets.load('170000001', callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.retryAfterMs], ['transient', 'KANTATA_RATE_LIMIT', 5000]);
    } finally {
      await strict.sandbox.close();
    }
  });
});
