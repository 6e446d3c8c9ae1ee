import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { addDecimal, decimalText, isNegative, money, addMoney, type Money } from '../../domain/money.ts';
import type { LaborAnswer, LaborPort, LaborTotal } from '../labor-port.ts';
import type { CallContext } from '../ports.ts';
import { batchOf, markOf } from './batch.ts';
import { recordOf } from './file-text.ts';
import { upper, type Codes } from './mapping.ts';
import { answerFor, type Erp } from './record-port.ts';
import type { About } from './refusals.ts';
import type { Row } from './tables.ts';

/** In the names of batches of labor, which are of many records. */
const MARK = 'lines';

/** Lines of labor, a batch in one file. The ERP leaves a line alone that it has under the same key and answers with its number. */
export function createLaborPort(erp: Erp, codes: Codes): LaborPort {
  const { system, exchange, lookUp } = erp;
  const { encoding, linesPerBatch } = exchange.options;
  const aboutLine = (posting: LaborPosting): About => ({ system, object: `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}` });
  const aboutBatch = (postings: readonly LaborPosting[]): About => {
    const [first] = postings;
    return postings.length === 1 && first !== undefined ? aboutLine(first) : { system, object: `${postings.length} lines of labor` };
  };

  /** @returns what the files cannot carry of a line, as its answer */
  function unwritable(posting: LaborPosting): LaborAnswer | null {
    try {
      recordOf('labor', rowOf(posting, codes), encoding, aboutLine(posting));
      return null;
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      return { key: posting.key, outcome: 'refused', failure: error.failure };
    }
  }

  async function send(postings: readonly LaborPosting[], context: CallContext): Promise<LaborAnswer[]> {
    const about = aboutBatch(postings);
    const batch = batchOf([{ table: 'labor', rows: postings.map((posting) => rowOf(posting, codes)) }], MARK, context.idempotencyKey, encoding, about);
    const acknowledgement = await exchange.submit(batch, { about, context });
    const records = new Map(acknowledgement.records.map((record) => [record.key, record]));
    return postings.map((posting): LaborAnswer => {
      const { key } = posting;
      try {
        const record = records.get(key);
        const { number } = answerFor(erp, { ...acknowledgement, records: record === undefined ? [] : [record] }, key, 'sent', acknowledgement.outcome === 'REFUSED' ? about : aboutLine(posting));
        return { key, outcome: 'posted', externalId: number, url: null };
      } catch (error) {
        if (!isSystemFailure(error) || acknowledgement.outcome === 'REFUSED' || error.failure.written === 'unknown') throw error;
        return { key, outcome: 'refused', failure: error.failure };
      }
    });
  }

  return {
    lookUp: 'key',
    batchSize: linesPerBatch,
    async find(postings, context) {
      const found = await lookUp.labor(new Set(postings.map(({ key }) => key)), { about: aboutBatch(postings), context });
      return new Map([...found].map(([key, number]) => [key, { externalId: number, url: null }]));
    },
    async post(postings, context) {
      if (postings.length > linesPerBatch) throw new RangeError(`A batch has at most ${linesPerBatch} lines; ${postings.length} were given.`);
      context.signal.throwIfAborted();
      const answers = new Map(postings.flatMap((posting): [string, LaborAnswer][] => {
        const answer = unwritable(posting);
        return answer === null ? [] : [[posting.key, answer]];
      }));
      const lines = postings.filter(({ key }) => !answers.has(key));
      for (const answer of lines.length === 0 ? [] : await send(lines, context)) answers.set(answer.key, answer);
      return postings.flatMap(({ key }) => answers.get(key) ?? []);
    },
    async totals({ legalEntity, from, to }, context) {
      const about: About = { system, object: `the time of ${legalEntity} from ${from} to ${to}` };
      const key = `extract-${markOf('EXTRACT', `${legalEntity}/${from}/${to}`)}`;
      const request = batchOf([{ table: 'requests', rows: [{ external_key: key, request: 'EXTRACT', batch: null }] }], markOf('EXTRACT', key), key, encoding, about);
      // A new extract each time, unless an earlier call went before it had heard of the one it asked for.
      const { number } = answerFor(erp, await exchange.submit(request, { about, context }, 'again'), key, 'requested', about);
      const company = codes.company(legalEntity);
      return await lookUp.newest({ about, context }, async (extract, damaged) => {
        if (extract === null || extract.number < Number(number)) throw damaged ?? extractMissing(about, number, exchange.options.retryAfterSeconds);
        let lines = 0;
        let hours = '0';
        const billed = new Map<string, Money>();
        for await (const row of extract.labor()) {
          if (row.company !== company || row.work_date < from || row.work_date > to) continue;
          lines += 1;
          hours = addDecimal(hours, decimalText(row.hours));
          const amount = money(row.bill_amount, row.bill_currency);
          billed.set(amount.currency, addMoney(billed.get(amount.currency) ?? money('0', amount.currency), amount));
        }
        return { legalEntity, lines, hours, billed: [...billed.values()].map(({ amount, currency }) => ({ amount: decimalText(amount), currency })) } satisfies LaborTotal;
      });
    },
  };
}

function rowOf(posting: LaborPosting, codes: Codes): Row<'labor'> {
  const { billing, cost, transfer } = posting;
  return {
    external_key: posting.key,
    kind: posting.kind === 'reversal' ? 'R' : 'O',
    reverses: posting.reverses,
    purpose: upper(posting.purpose),
    company: codes.company(posting.legalEntity),
    project_company: codes.company(posting.projectEntity),
    employer: codes.company(posting.employer),
    person: posting.person,
    work_date: posting.workDate,
    hours: posting.hours,
    project_number: posting.projectNumber,
    task: posting.task,
    labor_category: codes.laborCategory(posting.laborCategory),
    cost_center: posting.costCenter,
    period: posting.accountingPeriod,
    billing: upper(billing.status),
    bill_rate: billing.rate === null || isNegative(billing.rate.rate) ? null : billing.rate.rate,
    bill_unit: billing.rate === null ? null : upper(billing.rate.unit),
    bill_amount: billing.amount.amount,
    bill_currency: billing.amount.currency,
    written_off: billing.writtenOff.amount,
    cost_amount: cost?.amount ?? null,
    cost_currency: cost?.currency ?? null,
    transfer_amount: transfer?.amount ?? null,
    transfer_currency: transfer?.currency ?? null,
    source: `${posting.entry.system}/${posting.entry.id}/${posting.entry.version}`,
    notes: posting.notes,
  };
}

function extractMissing(about: About, number: string, retryAfterSeconds: number): SystemFailure {
  return new SystemFailure({ kind: 'transient', code: 'LEGACY_EXTRACT_MISSING', message: `The ERP says that it wrote extract ${number}, but it does not lie there (${about.object}).`, mend: 'It is asked for again by itself. Where this goes on, see what takes extracts away from the folder "out".', ...about, written: 'no', retryAfterMs: retryAfterSeconds * 1000 });
}
