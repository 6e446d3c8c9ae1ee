import assert from 'node:assert/strict';
import type { PayrollPort, SentPayroll } from '../../../connectors/payroll-port.ts';
import { payrollExportIdOf, payrollExportSchema, type PayrollExport, type PayrollLine } from '../../../domain/model/time/payroll-export.ts';
import { controlTotals } from '../../../domain/model/time/payroll-totals.ts';
import { addDecimal } from '../../../domain/money.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

export interface OpenPeriod {
  readonly employer: string;
  readonly payPeriod: { readonly code: string; readonly from: string; readonly to: string };
  readonly payDate: string;
}

/** A payroll bureau, as the conformance suite drives it. */
export interface PayrollCase {
  readonly name: string;
  readonly port: () => PayrollPort;
  /** A pay period of its own that the bureau has not been told anything of. */
  readonly open: () => Promise<OpenPeriod>;
  readonly hire: (people: readonly string[]) => Promise<void>;
  /** The hours the bureau has, by "<person> <pay code>", without trailing zeros; asked on another way than the port's. */
  readonly hours: (document: PayrollExport) => Promise<Readonly<Record<string, string>>>;
  readonly accept: (document: PayrollExport, sent: SentPayroll) => Promise<void>;
  readonly refuse: (document: PayrollExport, sent: SentPayroll, reason: string) => Promise<void>;
  /** The faults' `path` (a regular expression) and `method` of the request that writes hours; null where it is not HTTP. */
  readonly write: { readonly method: string; readonly path: string } | null;
  readonly badAnswers?: ExceptionsOf<'send' | 'acknowledgement'>;
}

const ADA = 'ada@northwind-consulting.example';
const BEN = 'ben.o-neill+gusto@northwind-consulting.example';

export function exportOf(period: OpenPeriod, lines: readonly Partial<PayrollLine>[], number = 1): PayrollExport {
  const numbered = lines.map((line, index): PayrollLine => ({ person: ADA, workDate: period.payPeriod.from, payCode: 'REG', multiplier: '1', costCenter: 'US01-TECH', hours: '8', ...line, line: index + 1 }));
  const { employer, payPeriod, payDate } = period;
  return payrollExportSchema.parse({ schema: 'payroll-export', schemaVersion: 1, id: payrollExportIdOf({ employer, payPeriod: payPeriod.code, number }), employer, payPeriod, payDate, number, lines: numbered, totals: controlTotals(numbered) });
}

export function hoursIn(document: PayrollExport): Readonly<Record<string, string>> {
  const sums = new Map<string, string>();
  for (const { person, payCode, hours } of document.lines) sums.set(`${person} ${payCode}`, addDecimal(sums.get(`${person} ${payCode}`) ?? '0', hours));
  return Object.fromEntries([...sums].toSorted());
}

/** What every payroll port promises (connectors/payroll-port.ts). */
export function describePayrollPort(payroll: PayrollCase, faults: FaultBoard | null): void {
  const send = (document: PayrollExport) => payroll.port().send(document, callContext());
  const ask = (document: PayrollExport, sent: SentPayroll) => payroll.port().acknowledgement({ exportId: document.id, checksum: sent.checksum, lines: document.lines.length, files: sent.files }, callContext());
  const WEEK = [{ hours: '8' }, { hours: '7.5' }, { payCode: 'OT15', multiplier: '1.5', hours: '0.25' }, { person: BEN, hours: '4.125' }, { person: BEN, payCode: 'OT20', multiplier: '2', hours: '1' }];
  const aWeek = async () => exportOf(await payroll.open(), WEEK);

  describe(`${payroll.name}, as any payroll port`, () => {
    before(() => payroll.hire([ADA, BEN]));
    afterEach(async () => faults?.clear());

    it('brings each person\'s hours of each pay code to the bureau', async () => {
      const document = await aWeek();
      const sent = await send(document);
      assert.deepEqual(await payroll.hours(document), hoursIn(document));
      assert.match(sent.checksum, /^[0-9a-f]{64}$/);
      assert.ok(sent.files.length > 0);
    });

    it('adds up hours in quarters and thousandths without rounding', async () => {
      const document = exportOf(await payroll.open(), Array.from({ length: 15 }, (_, day) => ({ hours: day % 2 === 0 ? '0.1' : '7.333' })));
      await send(document);
      assert.deepEqual(await payroll.hours(document), { [`${ADA} REG`]: '52.131' });
    });

    it('has the hours once however often they are sent, under the same names and checksum', async () => {
      const document = await aWeek();
      const first = await send(document);
      assert.deepEqual(await send(document), first);
      assert.deepEqual(await payroll.hours(document), hoursIn(document));
    });

    it('does not put other hours in the place of those the bureau has', async () => {
      const document = await aWeek();
      await send(document);
      const other = exportOf({ employer: document.employer, payPeriod: document.payPeriod, payDate: document.payDate }, [{ hours: '9' }]);
      assert.equal(other.id, document.id);
      const failure = await failureOf(() => send(other));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAYROLL_EXPORT_CHANGED', 'no']);
      assert.deepEqual(await payroll.hours(document), hoursIn(document));
    });

    it('takes the hours of a thousand people', async () => {
      const people = Array.from({ length: 1000 }, (_, index) => `person-${index}@northwind-consulting.example`);
      await payroll.hire(people);
      const document = exportOf(await payroll.open(), people.flatMap((person) => [{ person, hours: '7.75' }, { person, hours: '0.25' }]));
      await send(document);
      assert.deepEqual(await payroll.hours(document), hoursIn(document));
    });

    it('keeps the days of the period wherever the process runs', async () => {
      await onBothSidesOfTheDateLine(async () => {
        const document = await aWeek();
        const sent = await send(document);
        assert.deepEqual(await payroll.hours(document), hoursIn(document));
        await payroll.accept(document, sent);
        assert.equal((await ask(document, sent))?.outcome, 'accepted');
      });
    });

    it('has no answer before the bureau has', async () => {
      const document = await aWeek();
      const sent = await send(document);
      assert.equal(await ask(document, sent), null);
    });

    it('tells that all of it was accepted, as often as it is asked', async () => {
      const document = await aWeek();
      const sent = await send(document);
      await payroll.accept(document, sent);
      const answer = await ask(document, sent);
      assert.deepEqual([answer?.exportId, answer?.checksum, answer?.outcome, answer?.accepted, answer?.rejected], [document.id, sent.checksum, 'accepted', document.lines.length, []]);
      assert.deepEqual(await ask(document, sent), answer);
    });

    it('tells why the bureau refuses the whole', async () => {
      const document = await aWeek();
      const sent = await send(document);
      await payroll.refuse(document, sent, 'The company\'s bank account is not verified — “Größe”');
      const answer = await ask(document, sent);
      assert.deepEqual([answer?.outcome, answer?.accepted, answer?.rejected], ['refused', 0, []]);
      assert.match(answer?.reason ?? '', /bank account is not verified — “Größe”/);
    });

    const { write } = payroll;
    if (faults === null || write === null) return;

    for (const kind of ['cut-before', 'cut-after'] as const) {
      it(`has the hours once where the connection is ${kind === 'cut-before' ? 'cut before' : 'cut after'} the write`, async () => {
        const document = await aWeek();
        await faults.next({ kind, ...write });
        const failure = await failureOf(() => send(document));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        await send(document);
        assert.deepEqual(await payroll.hours(document), hoursIn(document));
      });
    }

    let document: PayrollExport;
    theyTakeBadAnswers([
      {
        name: 'send', writes: true, spoils: write,
        arrange: async () => {
          document = await aWeek();
          return () => send(document);
        },
        afterwards: async (answer) => {
          await send(document);
          assert.deepEqual(await payroll.hours(document), hoursIn(document), answer);
        },
      },
      {
        name: 'acknowledgement', writes: false,
        arrange: async () => {
          const sentOne = await aWeek();
          const sent = await send(sentOne);
          await payroll.accept(sentOne, sent);
          return async () => assert.ok((await ask(sentOne, sent)) !== null, 'an answer that is there is not told');
        },
      },
    ], faults, payroll.badAnswers);

    it('is a matter for the administrator, and not written, where the account may not write', async () => {
      const refused = await aWeek();
      await faults.next({ kind: 'status', status: 403, ...write });
      const failure = await failureOf(() => send(refused));
      assert.deepEqual([failure.kind, failure.written], ['configuration', 'no'], `${failure.code}: ${failure.message}`);
    });

    it('waits as long as the limit asks', async () => {
      const document = await aWeek();
      await faults.next({ ...AT_ITS_LIMIT, ...write });
      const failure = await failureOf(() => send(document));
      assert.deepEqual([failure.kind, failure.retryAfterMs, failure.written], ['transient', LIMIT_MS, 'no']);
    });

    it('goes on with a new token where the old one expires in between', async () => {
      const document = await aWeek();
      await faults.next({ kind: 'expired-token', ...write });
      await send(document);
      assert.deepEqual(await payroll.hours(document), hoursIn(document));
    });

    it('names a web page, another shape and an outage for what they are', async () => {
      for (const [fault, kind, code] of [[{ kind: 'html' }, 'contract', 'HTTP_HTML'], [{ kind: 'wrong-schema' }, 'contract', 'ANSWER_SCHEMA'], [{ kind: 'status', status: 503 }, 'in_doubt', null]] as const) {
        const document = await aWeek();
        await faults.next({ ...fault, ...write });
        const failure = await failureOf(() => send(document));
        assert.deepEqual([failure.kind, failure.written], [kind, 'unknown']);
        if (code !== null) assert.equal(failure.code, code);
      }
    });
  });
}
