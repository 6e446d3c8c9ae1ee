import { isSystemFailure, SystemFailure, type Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { Found } from '../ports.ts';
import { BATCH_SIZE, createBatchWriter, type Item } from './batch.ts';
import type { Charges } from './charges.ts';
import type { About, NetSuite } from './client.ts';
import { isToBeBilled, laborChargeOf, timeBillOf } from './labor-body.ts';
import { createChargedLabor, type Billing } from './labor-charged.ts';
import type { LaborDirectory } from './labor-directory.ts';
import { createLaborTotals } from './labor-totals.ts';
import type { NetSuiteOptions } from './options.ts';
import type { NetSuiteReferences } from './references.ts';

type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;
/** A line as it will be written: its time bill, and its charge where it is billed by one. */
type Prepared = Item & { readonly posting: LaborPosting; readonly billing: Billing; readonly charge: object | null };

/**
 * Labor as time bills, one for each line, made in batches of up to 100. A reversal is a time bill of its own with negative hours that names the
 * one it takes back (`custcol_q2c_reverses`). With `charges`, what a charge-based project bills stands on a charge beside each time bill.
 */
export function createLaborPort(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions, directory: LaborDirectory, charges: Charges | null): LaborPort {
  const writer = createBatchWriter(netSuite, 'timeBill');
  const charged = charges === null ? null : createChargedLabor(netSuite, charges, directory);
  const itemOf = (object: string): string => options.timeItem ?? references.item(Object.keys(options.items)[0] ?? 'time', object).id;

  const prepare = (posting: LaborPosting, billing: Billing): Prepared | Refused => {
    const people = directory.employees(posting.person);
    const [employee] = people;
    if (employee === undefined || people.length > 1) return personRefused(netSuite.system, posting, people.length);
    const job = directory.job(posting.projectNumber);
    const elsewhere = posting.purpose === 'labor' && options.subsidiaries[posting.projectEntity] === undefined;
    if (job === undefined && !elsewhere) return projectRefused(netSuite.system, posting);
    try {
      const project = job === undefined ? null : { job: job.id, task: posting.task === null ? null : (job.tasks.get(posting.task) ?? null), item: job.item ?? itemOf(labelOf(posting)) };
      const by = billing.by === 'time_bill' ? 'time_bill' : 'charge';
      const charge = by === 'charge' && isToBeBilled(posting, project) ? laborChargeOf(posting, project, options.chargeTypes.time, references, labelOf(posting)) : null;
      return { key: posting.key, posting, billing, charge, body: timeBillOf(posting, { employee, subsidiary: references.subsidiary(posting.legalEntity, labelOf(posting)), project }, by) };
    } catch (error) {
      if (isSystemFailure(error)) return refused(posting, error.failure);
      throw error;
    }
  };

  /** A line stands or falls as a whole: the time bill goes again where its charge is refused for good. */
  async function withdraw(posting: LaborPosting, timeBill: string, { failure }: SystemFailure, about: About): Promise<SystemFailure> {
    try {
      await netSuite.remove('timeBill', timeBill, about);
      return new SystemFailure({ ...failure, message: `${failure.message} Its time bill was taken away again.` });
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      about.context.log.warn({ system: netSuite.system, key: posting.key, timeBill, code: error.failure.code }, 'a time bill stands without its charge');
      return new SystemFailure({ ...failure, written: 'unknown', message: `${failure.message} Its hours and cost stand in NetSuite as time bill ${timeBill} (${error.failure.message}).`, mend: `${failure.mend} To retry adds the charge alone; to abort, delete that time bill in NetSuite.` });
    }
  }

  async function writeCharges(lines: readonly Prepared[], made: Map<string, string | SystemFailure>, about: About): Promise<void> {
    if (charged === null) return;
    const toCharge = lines.flatMap(({ posting, billing, charge }) => {
      const timeBill = made.get(posting.key);
      return charge === null || typeof timeBill !== 'string' ? [] : [{ posting, billing, charge, timeBill }];
    });
    if (toCharge.length === 0) return;
    const failed = await charged.write(toCharge, about);
    for (const { posting, timeBill } of toCharge) {
      const failure = failed.get(posting.key);
      if (failure !== undefined && failure.failure.kind !== 'transient') made.set(posting.key, await withdraw(posting, timeBill, failure, about));
    }
    // A time bill that waits for its charge is not "not written": the look-up finds it incomplete, and it is posted again.
    const passing = [...failed.values()].find(({ failure }) => failure.kind === 'transient');
    if (passing !== undefined) throw passing;
  }

  async function write(postings: readonly LaborPosting[], about: About): Promise<LaborAnswer[]> {
    const billings = await charged?.plan(postings, about);
    const prepared = postings.map((posting) => prepare(posting, billings?.get(posting.key) ?? { by: 'time_bill' }));
    const lines = prepared.filter((each) => 'body' in each);
    const made = lines.length === 0 ? new Map<string, string | SystemFailure>() : await writer.make(lines, about);
    await afterFirstWrite(() => writeCharges(lines, made, about));
    return postings.map((posting, index) => {
      const line = prepared[index];
      return line !== undefined && 'outcome' in line ? line : answerOf(posting, made.get(posting.key), references, directory);
    });
  }

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    async find(postings, context) {
      const about: About = { object: batchLabel(postings), context };
      const keys = postings.map((posting) => posting.key);
      if (charged === null) return foundOf(await writer.find(keys, about));
      const bills = await charged.timeBills(keys, about);
      return foundOf((await charged.complete(postings, bills, about)).map(({ key }) => [key, bills.get(key)?.id ?? '']));
    },
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      const about: About = { object: batchLabel(postings), context };
      await directory.prepare(postings, about);
      const reversals = charged === null ? [] : postings.filter(({ kind }) => kind === 'reversal');
      if (reversals.length === 0 || reversals.length === postings.length) return write(postings, about);
      // What is taken back must be there before it is known how.
      const first = await write(postings.filter(({ kind }) => kind === 'original'), about);
      const answers = new Map([...first, ...(await afterFirstWrite(() => write(reversals, about)))].map((answer) => [answer.key, answer]));
      return postings.flatMap(({ key }) => answers.get(key) ?? []);
    },
    totals: createLaborTotals(netSuite, options),
  };

  function foundOf(ids: Iterable<readonly [key: string, id: string]>): Map<string, Found> {
    return new Map([...ids].map(([key, id]): [string, Found] => [key, references.found('timeBill', id)]));
  }
}

function answerOf(posting: LaborPosting, made: string | SystemFailure | undefined, references: NetSuiteReferences, directory: LaborDirectory): LaborAnswer {
  if (typeof made === 'string') return { key: posting.key, outcome: 'posted', ...references.found('timeBill', made) };
  if (made === undefined) throw new Error(`the batch has no answer for ${posting.key}`);
  if (made.failure.kind !== 'transient') directory.forget(posting);
  return refused(posting, { ...made.failure, object: labelOf(posting) });
}

function refused(posting: LaborPosting, failure: Failure): Refused {
  return { key: posting.key, outcome: 'refused', failure };
}

function personRefused(system: string, posting: LaborPosting, found: number): Refused {
  const failure = { kind: 'configuration' as const, system, object: labelOf(posting), written: 'no' as const };
  if (found === 0) {
    return refused(posting, { ...failure, code: 'PERSON_UNKNOWN', message: `NetSuite has no active employee with the e-mail address ${posting.person}, who worked on ${posting.projectNumber}.`, mend: 'Make the employee in NetSuite with this e-mail address, or make it active, then retry.' });
  }
  return refused(posting, { ...failure, code: 'PERSON_AMBIGUOUS', message: `NetSuite has ${found} active employees with the e-mail address ${posting.person}.`, mend: 'Keep one of them active in NetSuite, then retry.' });
}

function projectRefused(system: string, posting: LaborPosting): Refused {
  return refused(posting, { kind: 'configuration', code: 'PROJECT_UNKNOWN', system, object: labelOf(posting), written: 'no', message: `NetSuite has no project with the number ${posting.projectNumber}.`, mend: 'Find out whether the project was activated in NetSuite under this number, then retry.' });
}

function labelOf(posting: LaborPosting): string {
  return `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}`;
}

function batchLabel(postings: readonly LaborPosting[]): string {
  const [first] = postings;
  return postings.length === 1 && first !== undefined ? labelOf(first) : `${postings.length} lines of labor`;
}
