import { z } from 'zod';
import { isSystemFailure, type Failure, type SystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { addDecimal, decimalText, money } from '../../domain/money.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import type { Found } from '../ports.ts';
import { BATCH_SIZE, createBatchWriter, type Item } from './batch.ts';
import type { About, NetSuite } from './client.ts';
import { timeBillOf } from './labor-body.ts';
import { listOf, type LaborDirectory } from './labor-directory.ts';
import type { NetSuiteOptions } from './options.ts';
import type { NetSuiteReferences } from './references.ts';

const totalRow = z.object({ currency: z.string().optional(), lines: z.coerce.number().int(), hours: z.string().default('0'), billed: z.string().default('0') });
type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;

/**
 * Labor as time bills, one for each line, made in batches of up to 100. A reversal is a time bill of its own with negative hours that names the
 * one it takes back (`custcol_q2c_reverses`).
 */
export function createLaborPort(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions, directory: LaborDirectory): LaborPort {
  const writer = createBatchWriter(netSuite, 'timeBill');
  const itemOf = (object: string): string => options.timeItem ?? references.item(Object.keys(options.items)[0] ?? 'time', object).id;

  const bodyOf = (posting: LaborPosting): Item | Refused => {
    const people = directory.employees(posting.person);
    const [employee] = people;
    if (employee === undefined || people.length > 1) return personRefused(netSuite.system, posting, people.length);
    const job = directory.job(posting.projectNumber);
    const elsewhere = posting.purpose === 'labor' && options.subsidiaries[posting.projectEntity] === undefined;
    if (job === undefined && !elsewhere) return projectRefused(netSuite.system, posting);
    try {
      const project = job === undefined ? null : { job: job.id, task: posting.task === null ? null : (job.tasks.get(posting.task) ?? null), item: job.item ?? itemOf(labelOf(posting)) };
      return { key: posting.key, body: timeBillOf(posting, { employee, subsidiary: references.subsidiary(posting.legalEntity, labelOf(posting)), project }) };
    } catch (error) {
      if (isSystemFailure(error)) return refused(posting, error.failure);
      throw error;
    }
  };

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    async find(postings, context) {
      const ids = await writer.find(postings.map((posting) => posting.key), { object: batchLabel(postings), context });
      return new Map([...ids].map(([key, id]): [string, Found] => [key, references.found('timeBill', id)]));
    },
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      const about: About = { object: batchLabel(postings), context };
      await directory.prepare(postings, about);
      const prepared = postings.map(bodyOf);
      const items = prepared.filter((each) => 'body' in each);
      const made = items.length === 0 ? new Map<string, string | SystemFailure>() : await writer.make(items, about);
      return postings.map((posting, index) => {
        const line = prepared[index];
        return line !== undefined && 'outcome' in line ? line : answerOf(posting, made.get(posting.key), references, directory);
      });
    },
    async totals({ legalEntity, from, to }, context) {
      const rows = await netSuite.query(
        `SELECT custcol_q2c_currency AS currency, COUNT(*) AS lines, SUM(custcol_q2c_hours) AS hours, SUM(custcol_q2c_amount) AS billed FROM timebill ` +
          `WHERE custcol_q2c_legal_entity = ${listOf([legalEntity])} AND trandate BETWEEN TO_DATE(${listOf([from])}, 'YYYY-MM-DD') AND TO_DATE(${listOf([to])}, 'YYYY-MM-DD') GROUP BY custcol_q2c_currency`,
        totalRow,
        { object: `the time of ${legalEntity} from ${from} to ${to}`, context },
      );
      return {
        legalEntity,
        lines: rows.reduce((sum, row) => sum + row.lines, 0),
        hours: rows.map((row) => row.hours).reduce(addDecimal, '0'),
        billed: rows.flatMap(({ currency, billed }) => (currency === undefined || decimalText(billed) === '0' ? [] : [money(billed, currency)])).sort((left, right) => left.currency.localeCompare(right.currency)),
      };
    },
  };
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
