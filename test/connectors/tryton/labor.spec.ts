import assert from 'node:assert/strict';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { laborPostingSchema, type LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { prepareTrytonForTime } from '../../../scripts/tryton/time-setup.ts';
import { trytonTotals } from '../../../scripts/tryton/totals.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { openAccounts } from './accounts.ts';
import { offered, partOf, useTryton } from './harness.ts';

const NOVEMBER = { from: '2026-11-01', to: '2026-11-30' };

describe('Labor in Tryton, the real one', function () {
  this.timeout(180_000);
  const tryton = useTryton();
  afterEach(() => tryton.faults.clear());

  const laborOf = ({ labor: port }: ErpPort): LaborPort => {
    assert.ok(!isUnsupported(port));
    return port;
  };
  const labor = (): LaborPort => laborOf(tryton.erp());
  const post = (...postings: LaborPosting[]) => labor().post(postings, callContext());
  const outcomes = async (...postings: LaborPosting[]) => (await post(...postings)).map((answer) => (answer.outcome === 'posted' ? 'posted' : answer.failure.code));
  const totals = (legalEntity = 'US01') => labor().totals({ legalEntity, ...NOVEMBER }, callContext());

  /** A person and a project open for time, both in Tryton, and postings of theirs. */
  async function office(setup: { costPrice?: string; legalEntity?: string } = {}) {
    const tag = uniqueTag();
    const legalEntity = setup.legalEntity ?? 'US01';
    const email = `ada.${tag}@northwind-consulting.example`;
    const number = `${legalEntity}-TECH-${tag.toUpperCase()}`;
    await prepareTrytonForTime(tryton.server(), { people: [{ email, name: `Ada ${tag}`, legalEntity, ...(setup.costPrice === undefined ? {} : { costPrice: setup.costPrice }) }], projects: [{ number, name: 'Cloud migration', legalEntity }] });
    const posting = (id: string, change: Partial<LaborPosting> = {}): LaborPosting => laborPostingSchema.parse({
      key: `posting-${tag}-${id}`, kind: 'original', reverses: null, purpose: 'labor_and_billing', system: 'tryton', legalEntity, projectEntity: legalEntity, employer: legalEntity,
      entry: { system: 'harvest', id, version: 1 }, timesheet: { id: `sheet-${tag}`, version: 1 }, person: email, workDate: '2026-11-03', hours: '7.25',
      projectNumber: number, task: null, laborCategory: 'SENIOR_CONSULTANT', costCenter: `${legalEntity}-TECH`, accountingPeriod: '2026-11',
      billing: { status: 'none', rate: null, amount: { amount: '0.00', currency: 'USD' }, writtenOff: { amount: '0.00', currency: 'USD' } }, cost: null, transfer: null, notes: 'Interviews', ...change,
    });
    const reversal = (of: LaborPosting): LaborPosting => ({ ...of, key: `undo-${of.key}`, kind: 'reversal', reverses: of.key, hours: `-${of.hours}` });
    const lines = () => tryton.rows('timesheet.line', [['employee.party.contact_mechanisms.value', '=', email]], ['duration', 'description', 'cost_price', 'date', 'work.rec_name', 'invoice_line'], legalEntity);
    const startOn = async (day: number) => {
      const [employee] = await tryton.rows('company.employee', [['party.contact_mechanisms.value', '=', email]], ['id'], legalEntity);
      await tryton.office().call('company.employee.write', [[employee?.['id']], { start_date: { __class__: 'date', year: 2026, month: 11, day } }], tryton.us());
    };
    const hours = async () => (await lines()).map((line) => Number(partOf(line['duration'], 'seconds')) / 3600);
    return { email, number, posting, reversal, lines, hours, startOn };
  }

  /** A project on time and materials as the closed-won line leaves it: activated, a senior consultant's hour at 260 dollars. */
  async function ratedProject() {
    const { deal, references, projectId } = await tryton.withProject();
    await offered(tryton.erp().rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
    await offered(tryton.erp().billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
    await tryton.erp().setProjectStatus({ document: deal.project, externalId: projectId }, 'active', callContext());
    return { deal, references, projectId };
  }
  const rate = { laborCategory: 'SENIOR_CONSULTANT', unit: 'hour' as const, rate: '260', currency: 'USD', from: '2026-12-01', to: null };
  const billed = (amount: string, writtenOff = '0.00') => ({ status: 'actuals' as const, rate, amount: { amount, currency: 'USD' }, writtenOff: { amount: writtenOff, currency: 'USD' } });

  it('posts many lines at once, each under its key, and finds them again', async () => {
    const { posting, hours, lines, number } = await office();
    const postings = Array.from({ length: 50 }, (_, index) => posting(String(index), { hours: '0.25', workDate: `2026-11-${String((index % 28) + 1).padStart(2, '0')}` }));
    const before = await totals();
    const answers = await post(...postings);
    assert.deepEqual(answers.map(({ key, outcome }) => [key, outcome]), postings.map(({ key }) => [key, 'posted']));
    assert.equal((await hours()).length, 50);
    const found = await labor().find([...postings, posting('never-posted')], callContext());
    assert.deepEqual([...found].map(([key, { externalId }]) => [key, externalId]), answers.map((answer) => [answer.key, answer.outcome === 'posted' && answer.externalId]));
    const [first] = await lines();
    assert.match(String(partOf(first?.['work.'], 'rec_name')), new RegExp(number));
    assert.match(String(first?.['description']), /Interviews.*SENIOR_CONSULTANT.*entry harvest 0 v1/);
    const after = await totals();
    assert.deepEqual([after.lines - before.lines, Number(after.hours) - Number(before.hours)], [50, 12.5]);
  });

  it('writes no line twice, whether it is posted again alone, in another batch, or twice at once', async () => {
    const { posting, hours } = await office();
    const [one, two, three] = [posting('1'), posting('2'), posting('3')];
    const [first] = await post(one);
    assert.deepEqual((await post(two, one))[1], first);
    await Promise.all([post(three, one), post(three, two), post(three)]);
    assert.deepEqual(await hours(), [7.25, 7.25, 7.25]);
  });

  it('refuses the bad lines of a batch one by one and posts the others', async () => {
    const { posting, hours } = await office();
    const stranger = posting('3', { person: 'nobody@northwind-consulting.example' });
    const elsewhere = posting('4', { projectNumber: 'US01-TECH-NOWHERE' });
    assert.deepEqual(await outcomes(posting('1'), posting('2'), stranger, elsewhere, posting('5')), ['posted', 'posted', 'PERSON_UNKNOWN', 'PROJECT_UNKNOWN', 'posted']);
    assert.equal((await hours()).length, 3);
  });

  it('refuses work before the employment began, and takes it once that is corrected in Tryton', async () => {
    const { posting, hours, startOn } = await office();
    await startOn(2);
    const early = posting('7', { workDate: '2026-11-01' });
    assert.deepEqual(await outcomes(posting('1'), early, posting('2', { workDate: '2026-11-02' })), ['posted', 'TRYTON_EMPLOYEE_NOT_EMPLOYED', 'posted']);
    await startOn(1);
    assert.deepEqual(await outcomes(early), ['posted']);
    assert.equal((await hours()).length, 3);
  });

  it('posts the last time of a person who has left, finds it later, and tells a new start from the first', async () => {
    const { posting, hours, email } = await office();
    const [first] = await tryton.rows('company.employee', [['party.contact_mechanisms.value', '=', email]], ['id', 'party']);
    await tryton.office().call('company.employee.write', [[first?.['id']], { end_date: { __class__: 'date', year: 2026, month: 11, day: 10 } }], tryton.us());
    const before = await totals();
    const [last, gone] = [posting('1', { workDate: '2026-11-10' }), posting('2', { workDate: '2026-11-12' })];
    assert.deepEqual(await outcomes(last, gone), ['posted', 'TRYTON_EMPLOYEE_NOT_EMPLOYED']);
    await tryton.office().call('company.employee.create', [[{ party: first?.['party'], company: tryton.us(), start_date: { __class__: 'date', year: 2026, month: 11, day: 12 } }]], tryton.us());
    assert.deepEqual(await outcomes(last, gone), ['posted', 'posted']);
    assert.equal((await labor().find([last, gone], callContext())).size, 2);
    assert.deepEqual(await hours(), [7.25, 7.25]);
    const after = await totals();
    assert.deepEqual([after.lines - before.lines, Number(after.hours) - Number(before.hours)], [2, 14.5]);
  });

  it('finds the lines of a batch that Tryton itself refuses, and posts the others', async () => {
    const { posting, hours, startOn } = await office();
    await post(posting('before the change'.replaceAll(' ', '-')));
    await startOn(2);
    const isEarly = (index: number) => index === 3 || index === 7;
    const postings = Array.from({ length: 12 }, (_, index) => posting(String(index), { workDate: `2026-11-0${isEarly(index) ? 1 : 2 + (index % 5)}` }));
    const answers = await post(...postings);
    assert.deepEqual(answers.map(({ outcome }) => outcome === 'refused'), postings.map((_, index) => isEarly(index)));
    const refusal = answers[3];
    assert.deepEqual(refusal?.outcome === 'refused' && [refusal.failure.kind, refusal.failure.code, refusal.failure.written], ['business_rule', 'TRYTON_EMPLOYEE_NOT_EMPLOYED', 'no']);
    assert.equal((await hours()).length, 11);
  });

  it('refuses time on a project that is shut, and takes it once the project is open', async () => {
    const { posting, number } = await office();
    const [work] = await tryton.rows('project.work', [['name', 'like', `${number} %`]], ['id']);
    const open = (value: boolean) => tryton.office().call('project.work.write', [[work?.['id']], { timesheet_available: value }], tryton.us());
    await open(false);
    assert.deepEqual(await outcomes(posting('1')), ['TRYTON_PROJECT_SHUT']);
    await open(true);
    assert.deepEqual(await outcomes(posting('1')), ['posted']);
  });

  it('answers a line that is there as posted, whatever was changed in Tryton since', async () => {
    const { posting, startOn } = await office();
    await post(posting('1'));
    await startOn(5);
    const answers = await laborOf(tryton.connect()).post([posting('1'), posting('2')], callContext());
    assert.deepEqual(answers.map((answer) => (answer.outcome === 'posted' ? 'posted' : answer.failure.code)), ['posted', 'TRYTON_EMPLOYEE_NOT_EMPLOYED']);
  });

  it('refuses time after a work was ended, naming what to open', async () => {
    const { posting, number } = await office();
    const [work] = await tryton.rows('project.work', [['name', 'like', `${number} %`]], ['id']);
    await tryton.office().call('project.work.write', [[work?.['id']], { timesheet_end_date: { __class__: 'date', year: 2026, month: 10, day: 31 } }], tryton.us());
    assert.deepEqual(await outcomes(posting('1')), ['TRYTON_WORK_CLOSED']);
  });

  it('leaves in doubt a batch whose answer was lost, and finds its lines instead of writing them again', async () => {
    const { posting, hours } = await office();
    const postings = [posting('1'), posting('2')];
    await tryton.faults.next({ kind: 'cut-after', method: 'POST', path: '' });
    const failure = await failureOf(() => post(...postings));
    assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
    assert.equal((await labor().find(postings, callContext())).size, 2);
    assert.deepEqual(await outcomes(...postings), ['posted', 'posted']);
    assert.deepEqual(await hours(), [7.25, 7.25]);
  });

  it('writes no line twice where a call that seemed lost arrives after the lines were posted again', async () => {
    const { posting, hours } = await office();
    const postings = [posting('1'), posting('2')];
    const late = tryton.holdNextWrite();
    const lost = post(...postings);
    await late.arrived;
    const other = laborOf(tryton.connect());
    const again = await other.post(postings, callContext());
    late.letGo();
    assert.deepEqual(await lost, again, 'Tryton refused the late call, which then found the lines there');
    assert.deepEqual(await hours(), [7.25, 7.25]);
  });

  it('lets two workers post on the same project at the same time', async () => {
    const { posting, hours } = await office();
    const other = laborOf(tryton.connect());
    const answers = await Promise.all([0, 1, 2, 3, 4, 5].map((part) => (part % 2 === 0 ? labor() : other).post([posting(`${part}-a`), posting(`${part}-b`)], callContext())));
    assert.ok(answers.flat().every(({ outcome }) => outcome === 'posted'));
    assert.equal((await hours()).length, 12);
  });

  it('takes a line back: Tryton has no negative hours, so the line is set to zero beside a line that says why', async () => {
    const { posting, reversal, hours, lines } = await office();
    const original = posting('1');
    const before = await totals();
    await post(original);
    for (let time = 0; time < 2; time += 1) assert.deepEqual(await outcomes(reversal(original)), ['posted']);
    assert.deepEqual(await hours(), [0, 0]);
    const [zeroed, why] = (await lines()).map((line) => String(line['description']));
    assert.match(zeroed ?? '', /was 7.25 h, taken back by posting undo-/);
    assert.match(why ?? '', /Takes back posting posting-/);
    assert.equal((await labor().find([original, reversal(original)], callContext())).size, 2);
    assert.deepEqual(await outcomes(original), ['posted'], 'a late repeat of the original does not bring its hours back');
    assert.deepEqual(await hours(), [0, 0]);
    const after = await totals();
    assert.deepEqual([after.hours, after.lines], [before.hours, before.lines + 2]);
  });

  it('posts an original, its reversal and the correction in one batch', async () => {
    const { posting, reversal, hours } = await office();
    const original = posting('1');
    assert.deepEqual(await outcomes(reversal(original), original, posting('2', { hours: '6' })), ['posted', 'posted', 'posted']);
    assert.deepEqual((await hours()).toSorted(), [0, 0, 6]);
  });

  it('takes nothing back twice where the answer was lost', async () => {
    const { posting, reversal, hours } = await office();
    const original = posting('1');
    await post(original);
    await tryton.faults.next({ kind: 'cut-after', method: 'POST', path: '' });
    assert.equal((await failureOf(() => post(reversal(original)))).written, 'unknown');
    assert.deepEqual(await outcomes(reversal(original)), ['posted']);
    assert.deepEqual(await hours(), [0, 0]);
  });

  it('does not take back what is not there, or was changed in Tryton by hand', async () => {
    const { posting, reversal, lines } = await office();
    assert.deepEqual(await outcomes(reversal(posting('1'))), ['TRYTON_ORIGINAL_MISSING']);
    await post(posting('1'));
    const [line] = await lines();
    await tryton.office().call('timesheet.line.write', [[line?.['id']], { duration: { __class__: 'timedelta', seconds: 3600 } }], tryton.us());
    assert.deepEqual(await outcomes(reversal(posting('1'))), ['TRYTON_LINE_CHANGED']);
  });

  it('does not take back what is invoiced, until the draft invoice is deleted', async () => {
    const { posting, reversal, hours } = await office();
    const us = tryton.us() ?? 0;
    await openAccounts(tryton.office(), us, 'SENIOR_CONSULTANT');
    const { deal, references, projectId } = await ratedProject();
    const original = posting('1', { projectNumber: deal.project.number, workDate: '2026-12-02', billing: billed('1885.00') });
    assert.deepEqual(await outcomes(original), ['posted']);
    await tryton.office().call('project.work.invoice', [[Number(projectId)]], us);
    const [answer] = await post(reversal(original));
    assert.deepEqual(answer?.outcome === 'refused' && [answer.failure.kind, answer.failure.code], ['business_rule', 'TRYTON_LINE_INVOICED']);
    assert.deepEqual(await hours(), [7.25]);
    const invoices = (await tryton.rows('account.invoice', [['party', '=', Number(references.customers[deal.customer.id])]], ['state'])).map((invoice) => invoice['id']);
    assert.equal(invoices.length, 1);
    await tryton.office().call('account.invoice.cancel', [invoices], us);
    assert.deepEqual(await outcomes(reversal(original)), ['TRYTON_LINE_INVOICED'], 'a cancelled invoice still holds its time');
    await tryton.office().call('account.invoice.delete', [invoices], us);
    assert.deepEqual(await outcomes(reversal(original)), ['posted']);
    assert.deepEqual(await hours(), [0, 0]);
  });

  it('books billable time on its rate, so that Tryton invoices exactly what was decided', async () => {
    const { deal, projectId } = await ratedProject();
    const { posting, lines } = await office();
    const inDecember = { projectNumber: deal.project.number, workDate: '2026-12-02' };
    const answers = await post(
      posting('1', { ...inDecember, billing: billed('1885.00') }),
      posting('2', { ...inDecember, hours: '2', billing: billed('300.00', '220.00') }),
      posting('3', { ...inDecember, hours: '1', task: '9' }),
      posting('4', { ...inDecember, hours: '1', task: 'Design', billing: { ...billed('0.00'), status: 'in_fee', rate: null } }),
    );
    assert.ok(answers.every(({ outcome }) => outcome === 'posted'));
    const booked = (await lines()).map((line) => [String(partOf(line['work.'], 'rec_name')), String(line['description'])]);
    assert.match(booked[0]?.[0] ?? '', /SENIOR_CONSULTANT 260/);
    assert.match(booked[1]?.[0] ?? '', /Discovery/, 'beyond the cap Tryton would bill too much');
    assert.match(booked[1]?.[1] ?? '', /to be billed by hand: 300.00 USD/);
    assert.match(booked[2]?.[0] ?? '', /Not billable/);
    assert.match(booked[3]?.[0] ?? '', /Design/);
    const [project] = await tryton.rows('project.work', [['id', '=', Number(projectId)]], ['amount_to_invoice']);
    assert.equal(Number(partOf(project?.['amount_to_invoice'], 'decimal')), 1885);
  });

  it("costs each line at the employee's cost price by itself", async () => {
    const { posting, lines, reversal } = await office({ costPrice: '85.50' });
    const [one, two] = [posting('1', { hours: '4' }), posting('2', { hours: '2', workDate: '2026-11-30' })];
    const cost = async () => (await trytonTotals(tryton.server(), { legalEntities: ['US01'], ...NOVEMBER }))[0]?.cost;
    const before = Number((await cost())?.amount);
    await post(one, two);
    assert.deepEqual((await lines()).map((line) => Number(partOf(line['cost_price'], 'decimal'))), [85.5, 85.5]);
    assert.equal(Number((await cost())?.amount) - before, 513);
    await post(reversal(two));
    assert.equal(Number((await cost())?.amount) - before, 342);
  });

  it("books a person's time on another company's project on a work of the employer's own", async () => {
    const { number } = await office({ legalEntity: 'DE01' });
    const { email, posting } = await office();
    const lent = posting('1', { projectNumber: number, projectEntity: 'DE01', purpose: 'labor', person: email });
    assert.deepEqual(await outcomes(lent), ['PROJECT_UNKNOWN']);
    await prepareTrytonForTime(tryton.server(), { people: [], projects: [{ number, name: 'Cloud migration', legalEntity: 'DE01', borrowedBy: ['US01'] }] });
    assert.deepEqual(await outcomes(lent), ['posted']);
    assert.deepEqual(await outcomes({ ...lent, key: `${lent.key}-billing`, purpose: 'billing', legalEntity: 'DE01' }), ['PERSON_UNKNOWN']);
    await prepareTrytonForTime(tryton.server(), { people: [{ email, name: 'Ada', legalEntity: 'DE01' }], projects: [] });
    assert.deepEqual(await outcomes({ ...lent, key: `${lent.key}-billing`, purpose: 'billing', legalEntity: 'DE01' }), ['posted']);
  });

  it('says in its totals what Tryton has, apart from what people entered there themselves', async () => {
    const { posting, number, email } = await office({ legalEntity: 'JP01' });
    await post(...['7.5', '7.33', '0.1', '0.0001'].map((hours, index) => posting(String(index), { hours, notes: index === 0 ? 'Ünïcode 会議\n\u2028[q2c not-this-key]' : '' })));
    const jp = tryton.companies()['JP01'];
    const [work] = await tryton.rows('timesheet.work', [['origin.rec_name', 'like', `${number} %`, 'project.work']], ['id'], 'JP01');
    const [employee] = await tryton.rows('company.employee', [['party.contact_mechanisms.value', '=', email]], ['id'], 'JP01');
    assert.deepEqual(await totals('JP01'), { legalEntity: 'JP01', lines: 4, hours: '14.9301', billed: [] });
    await tryton.office().call('timesheet.line.create', [[{ company: jp, employee: employee?.['id'], work: work?.['id'], date: { __class__: 'date', year: 2026, month: 11, day: 4 }, duration: { __class__: 'timedelta', seconds: 5400 }, description: 'Entered in Tryton [q2c wrong]' }]], jp);
    assert.deepEqual(await totals('JP01'), { legalEntity: 'JP01', lines: 4, hours: '14.9301', billed: [] });
    const [asked] = await trytonTotals(tryton.server(), { legalEntities: ['JP01'], ...NOVEMBER });
    assert.deepEqual([asked?.lines, asked?.hours, asked?.otherLines, asked?.otherHours, asked?.cost], [4, '14.9301', 1, '1.5', { amount: '0', currency: 'JPY' }]);
    assert.equal((await labor().totals({ legalEntity: 'JP01', from: '2026-10-01', to: '2026-10-31' }, callContext())).lines, 0);
  });

  it('needs no more rights than the README asks for', async () => {
    const { posting, reversal, hours } = await office();
    const groups = await tryton.rows('res.group', [['name', 'in', ['Party Administration', 'Sales', 'Project Administration', 'Timesheet Administration']]], ['name']);
    assert.equal(groups.length, 4);
    const companies = (await tryton.rows('company.company', [], ['id'])).map((row) => row['id']);
    const login = `line-${uniqueTag()}`;
    await tryton.office().call('res.user.create', [[{ name: login, login, password: `${login}-Secret-1`, groups: [['add', groups.map((row) => row['id'])]], companies: [['add', companies]], company: tryton.us(), company_filter: 'all' }]]);
    const port = laborOf(tryton.connect(undefined, { database: tryton.server().database, user: login, password: `${login}-Secret-1` }));
    const answers = await port.post([posting('1'), posting('2'), reversal(posting('1'))], callContext());
    assert.deepEqual(answers.flatMap((answer) => (answer.outcome === 'refused' ? [answer.failure.message] : [])), []);
    assert.equal((await port.find([posting('1'), posting('2')], callContext())).size, 2);
    assert.deepEqual((await hours()).toSorted(), [0, 0, 7.25]);
    assert.deepEqual(await port.totals({ legalEntity: 'US01', ...NOVEMBER }, callContext()), await totals());
  });

  it('prepares people and projects once, however often it is run', async () => {
    const tag = uniqueTag();
    const people = Array.from({ length: 300 }, (_, index) => ({ email: `p${index}.${tag}@northwind-consulting.example`, name: `Person ${index}`, legalEntity: index % 2 === 0 ? 'US01' : 'DE01' }));
    const projects = Array.from({ length: 60 }, (_, index) => ({ number: `US01-TECH-${tag.toUpperCase()}${index}`, name: 'Project', legalEntity: 'US01' }));
    assert.deepEqual(await prepareTrytonForTime(tryton.server(), { people, projects }), { employeesMade: 300, projectsMade: 60 });
    assert.deepEqual(await prepareTrytonForTime(tryton.server(), { people, projects }), { employeesMade: 0, projectsMade: 0 });
  });
});
