import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { isUnsupported, type CallContext, type ChangedDeal, type CrmPort, type Log, type WriteBack } from '../../../connectors/ports.ts';
import { parseOpportunity } from '../../../domain/model/opportunity.ts';
import { callContext, failureOf, memoryLog } from '../http/support.ts';
import { theyTakeBadAnswers, type BadAnswer, type ExceptionsOf } from './bad-answers.ts';
import { sampleDeal, type SampleDeal } from './sample-deal.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

export interface SeededDeal {
  readonly id: string;
  /** In the order of the sample's accounts: the deal's own first, the top last. */
  readonly accountIds: readonly string[];
  readonly lineIds: readonly string[];
}

/** A fault the sandbox is told to make; `path` is a regular expression on the URL's path. */
export interface FaultOrder {
  readonly kind: 'slow' | 'status' | 'cut-before' | 'cut-after' | 'expired-token' | BadAnswer;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly times?: number;
}

/** One CRM connector with the system it speaks to, as the suite needs them. */
export interface CrmSubject {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A new connector: no token yet, its own budget and circuit. */
  port(log?: Log): CrmPort;
  seed(sample: SampleDeal): Promise<SeededDeal>;
  /** Many closed-won deals at once, with nothing to them; each by `seed` unless told. @returns their IDs */
  seedWon?(count: number): Promise<readonly string[]>;
  /** Makes one account the parent of another, past any check of the vendor's. */
  makeParent(accountId: string, parentId: string): Promise<void>;
  /** A person changes one line and nothing else. */
  changeLine(lineId: string): Promise<void>;
  deleteDeal(id: string): Promise<void>;
  fault(order: FaultOrder): Promise<void>;
  clearFaults(): Promise<void>;
  requests(): Promise<readonly { readonly method: string; readonly url: string; readonly status: number }[]>;
  deliveryFields(dealId: string): Promise<{ readonly status: string | null; readonly message: string | null; readonly projects: string | null }>;
  /** The path of the token endpoint; null where the token never changes. */
  readonly tokenPath: RegExp | null;
  readonly readPath: string;
  readonly writePath: string;
  /** How the write-back is sent; PATCH unless told. */
  readonly writeMethod?: 'PATCH' | 'POST';
  /** An ID of the vendor's form that no deal has. */
  readonly unknownId: string;
  /** The vendor tells a used-up limit by the status that others keep for a missing right: its table of errors tells them apart (classify.spec.ts). */
  readonly limitIsForbidden?: boolean;
  readonly badAnswers?: ExceptionsOf<'loadOpportunity' | 'changedClosedWon' | 'writeBack'>;
  /** What no log line may contain. */
  secrets(): readonly string[];
}

const STATUS: WriteBack = { status: 'Activated', message: 'All systems confirmed. Größe 株式会社', projectNumbers: ['US01-TECH-7K3QF9QX', 'DE01-TECH-7K3QF9QX'], at: '2026-11-21T08:00:00.000Z' };

/** What every CRM connector promises, run against the wire format of its vendor. */
export function crmConformance(subject: CrmSubject): void {
  describe(`${subject.name} as a CRM`, function () {
    this.timeout(20_000);
    before(() => subject.start());
    after(() => subject.stop());
    afterEach(() => subject.clearFaults());

    const context = callContext();
    const writeMethod = subject.writeMethod ?? 'PATCH';
    const writeBack = async (port: CrmPort, id: string, status: WriteBack = STATUS, within: CallContext = context) => {
      assert.ok(!isUnsupported(port.writeBack), 'the suite is for CRMs that can be written back to');
      await port.writeBack(id, status, within);
    };
    const changes = async (port: CrmPort, since: string): Promise<ChangedDeal[]> => {
      assert.ok(!isUnsupported(port.changedClosedWon), 'the suite is for CRMs that tell what changed');
      const found: ChangedDeal[] = [];
      for await (const change of port.changedClosedWon(since, context)) found.push(change);
      return found;
    };

    const seedWon = async (count: number): Promise<readonly string[]> => {
      if (subject.seedWon !== undefined) return await subject.seedWon(count);
      const won: string[] = [];
      for (let n = 0; n < count; n += 1) won.push((await subject.seed(sampleDeal({ lines: [], contract: false, accounts: [] }))).id);
      return won;
    };

    it('reads a deal with its lines, contract and accounts as one canonical document', async () => {
      const sample = sampleDeal();
      const { id, accountIds, lineIds } = await subject.seed(sample);
      const deal = await subject.port().loadOpportunity(id, context);
      assert.deepEqual(parseOpportunity(deal), deal);
      assert.deepEqual(
        [deal.id, deal.name, deal.stage, deal.currency, deal.closeDate, deal.startDate, deal.endDate, deal.purchaseOrder],
        [id, sample.name, 'closed_won', 'EUR', '2026-11-20', '2026-12-01', '2027-05-31', 'PO-4711'],
      );
      assert.deepEqual(deal.amount, { amount: '48000.50', currency: 'EUR' });
      assert.deepEqual([deal.legalEntity, deal.serviceLine, deal.practice, deal.billingMethod, deal.projectTemplate, deal.rateCard], ['DE01', 'TECH', 'Cloud', 'time_and_materials', 'TM-STANDARD', 'EUR-2026']);
      assert.deepEqual(deal.accounts.map((account) => [account.id, account.name, account.parentId]), [
        [accountIds[0], sample.accounts[0]?.name, accountIds[1]],
        [accountIds[1], sample.accounts[1]?.name, null],
      ]);
      assert.deepEqual(deal.accounts[0]?.billingAddress, { street: 'Königstraße 1', city: 'Köln', region: 'NRW', postalCode: '50667', country: 'DE' });
      assert.deepEqual([deal.accounts[0]?.taxRegistrationNumber, deal.accounts[0]?.currency], ['DE123456789', 'EUR']);
      assert.deepEqual([deal.contract?.type, deal.contract?.status, deal.contract?.startDate, deal.contract?.endDate], ['statement_of_work', 'activated', '2026-12-01', '2027-05-31']);
      const [hours, milestone] = lineIds.map((lineId) => deal.lines.find((line) => line.id === lineId));
      assert.deepEqual([hours?.unit, hours?.quantity, hours?.unitPrice, hours?.amount.amount, hours?.laborCategory, hours?.resourceEmail], ['hour', '320', '125', '40000.00', 'SENIOR', 'dana.reyes@q2c.example']);
      assert.deepEqual(hours?.cap, { amount: '45000.00', currency: 'EUR' });
      assert.deepEqual([milestone?.unit, milestone?.amount.amount, milestone?.milestone], ['each', '8000.50', { name: 'Go-live', dueDate: '2027-03-31' }]);
      assert.match(deal.url ?? '', new RegExp(id));
    });

    it('keeps names in any script', async () => {
      const sample = sampleDeal({ name: 'Zażółć 株式会社 🚀 <b>&amp;"\'', accounts: [{ name: 'شركة الاختبار' }] });
      const { id } = await subject.seed(sample);
      const deal = await subject.port().loadOpportunity(id, context);
      assert.deepEqual([deal.name, deal.accounts[0]?.name], [sample.name, 'شركة الاختبار']);
    });

    it('keeps amounts exact in currencies without decimals and with three', async () => {
      const yen = await subject.seed(sampleDeal({ currency: 'JPY', amount: '12000000', lines: [{ description: 'Advice', quantity: '1', amount: '12000000' }] }));
      const dinar = await subject.seed(sampleDeal({ currency: 'KWD', amount: '1234.567', lines: [{ description: 'Advice', quantity: '1', amount: '1234.567' }] }));
      const port = subject.port();
      const [inYen, inDinar] = [await port.loadOpportunity(yen.id, context), await port.loadOpportunity(dinar.id, context)];
      assert.deepEqual([inYen.amount, inYen.lines[0]?.amount], [{ amount: '12000000', currency: 'JPY' }, { amount: '12000000', currency: 'JPY' }]);
      assert.deepEqual([inDinar.amount, inDinar.lines[0]?.amount], [{ amount: '1234.567', currency: 'KWD' }, { amount: '1234.567', currency: 'KWD' }]);
    });

    it('reads a hierarchy of nine levels from the deal\'s own account to the top', async () => {
      const { id, accountIds } = await subject.seed(sampleDeal({ accounts: Array.from({ length: 9 }, (_, level) => ({ name: `Level ${level}` })) }));
      const deal = await subject.port().loadOpportunity(id, context);
      assert.deepEqual(deal.accounts.map((account) => account.id), accountIds);
      assert.equal(deal.accounts.at(-1)?.parentId, null);
    });

    it('ends a cyclic hierarchy at the repeat and leaves the repeated parent to be seen', async () => {
      const { id, accountIds } = await subject.seed(sampleDeal({ accounts: [{ name: 'A' }, { name: 'B' }, { name: 'C' }] }));
      const [own = '', , top = ''] = accountIds;
      await subject.makeParent(top, own);
      const deal = await subject.port().loadOpportunity(id, context);
      assert.deepEqual(deal.accounts.map((account) => account.id), accountIds);
      assert.equal(deal.accounts.at(-1)?.parentId, own);
    });

    it('reads 150 lines, and names the bound where a deal has 250', async () => {
      const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ description: `Line ${n}`, quantity: '1', amount: '10' }));
      const large = await subject.seed(sampleDeal({ lines: lines(150) }));
      const tooLarge = await subject.seed(sampleDeal({ lines: lines(250) }));
      const deal = await subject.port().loadOpportunity(large.id, context);
      assert.deepEqual(deal.lines.map((line) => line.id).toSorted(), [...large.lineIds].toSorted());
      const failure = await failureOf(subject.port().loadOpportunity(tooLarge.id, context));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'DEAL_TOO_LARGE']);
      assert.match(failure.message, /250/);
    });

    it('tells an open deal and a deal without lines or contract as they are', async () => {
      const { id } = await subject.seed(sampleDeal({ stage: 'open', lines: [], contract: false }));
      const deal = await subject.port().loadOpportunity(id, context);
      assert.deepEqual([deal.stage, deal.lines, deal.contract], ['open', [], null]);
    });

    it('gives a deal a later version when only one of its lines changed', async () => {
      const { id, lineIds } = await subject.seed(sampleDeal());
      const earlier = await subject.port().loadOpportunity(id, context);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await subject.changeLine(lineIds[0] ?? '');
      const later = await subject.port().loadOpportunity(id, context);
      assert.ok(later.version > earlier.version, `${later.version} after ${earlier.version}`);
    });

    it('calls a deal that is not there a matter for a person', async () => {
      const { id } = await subject.seed(sampleDeal());
      await subject.deleteDeal(id);
      const port = subject.port();
      for (const gone of [id, subject.unknownId, "x' OR Id != '"]) {
        const failure = await failureOf(port.loadOpportunity(gone, context));
        assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no'], failure.message);
        assert.equal((await failureOf(writeBack(port, gone))).kind, 'business_rule');
      }
    });

    it('calls a deal without an account a matter for a person, and names what is missing', async () => {
      const { id } = await subject.seed(sampleDeal({ accounts: [] }));
      const failure = await failureOf(subject.port().loadOpportunity(id, context));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'DEAL_NOT_CANONICAL']);
      assert.match(failure.message, /accounts/);
    });

    it('tells the seller where the deal stands; telling it twice changes nothing', async () => {
      const { id } = await subject.seed(sampleDeal());
      const port = subject.port();
      await writeBack(port, id);
      const once = await subject.deliveryFields(id);
      await writeBack(port, id);
      assert.deepEqual(await subject.deliveryFields(id), once);
      assert.deepEqual(once, { status: 'Activated', message: STATUS.message, projects: 'US01-TECH-7K3QF9QX, DE01-TECH-7K3QF9QX' });
    });

    it('cuts a message that is longer than the field, between characters, instead of leaving the seller without one', async () => {
      const { id } = await subject.seed(sampleDeal());
      await writeBack(subject.port(), id, { ...STATUS, message: `x${'🚀'.repeat(40_000)}`, projectNumbers: Array.from({ length: 400 }, (_, n) => `DE01-TECH-${String(n).padStart(8, '0')}`) });
      const { message, status } = await subject.deliveryFields(id);
      assert.equal(status, 'Activated');
      assert.match(message ?? '', /^x(?:🚀)+…$/u);
      assert.ok(message?.isWellFormed());
    });

    it('leaves everything but its own fields untouched when it writes back', async () => {
      const { id } = await subject.seed(sampleDeal());
      const before = await subject.port().loadOpportunity(id, context);
      await writeBack(subject.port(), id);
      const later = await subject.port().loadOpportunity(id, context);
      assert.deepEqual({ ...later, version: '', modifiedAt: '' }, { ...before, version: '', modifiedAt: '' });
    });

    it('is in doubt about a write-back whose connection was cut before or after it; repeating it is harmless', async () => {
      for (const kind of ['cut-before', 'cut-after'] as const) {
        const { id } = await subject.seed(sampleDeal());
        const port = subject.port();
        await subject.fault({ kind, method: writeMethod, path: subject.writePath });
        const failure = await failureOf(writeBack(port, id));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        assert.equal((await subject.deliveryFields(id)).status, kind === 'cut-after' ? 'Activated' : null);
        await writeBack(port, id);
        assert.equal((await subject.deliveryFields(id)).status, 'Activated');
      }
    });

    it('tells the closed-won deals changed since an instant, oldest first, over several pages', async () => {
      const since = new Date(Date.now() - 1).toISOString();
      const won = await seedWon(subject.seedWon === undefined ? 205 : 1005);
      const open = await subject.seed(sampleDeal({ stage: 'open' }));
      const found = await changes(subject.port(), since);
      assert.deepEqual(found.filter((change) => won.includes(change.opportunityId)).map((change) => change.opportunityId).toSorted(), won.toSorted());
      assert.ok(!found.some((change) => change.opportunityId === open.id));
      assert.deepEqual(found.map((change) => change.modifiedAt), found.map((change) => change.modifiedAt).toSorted());
      assert.deepEqual(await changes(subject.port(), new Date(Date.now() + 60_000).toISOString()), []);
    });

    it('goes on with a new token when the old one expires in the middle', async () => {
      const { id } = await subject.seed(sampleDeal({ accounts: Array.from({ length: 9 }, (_, level) => ({ name: `Level ${level}` })) }));
      const port = subject.port();
      await port.loadOpportunity(id, context);
      await subject.fault({ kind: 'expired-token', path: subject.readPath });
      assert.equal((await port.loadOpportunity(id, context)).accounts.length, 9);
      await subject.fault({ kind: 'expired-token', path: subject.writePath, method: writeMethod });
      await writeBack(port, id);
    });

    const { tokenPath } = subject;
    if (tokenPath !== null) {
      it('fetches one token for fifty calls at once', async () => {
        const { id } = await subject.seed(sampleDeal());
        const port = subject.port();
        const already = (await subject.requests()).length;
        await Promise.all(Array.from({ length: 50 }, () => port.loadOpportunity(id, context)));
        assert.equal((await subject.requests()).slice(already).filter((request) => tokenPath.test(request.url)).length, 1);
      });
    }

    it('waits for the system where it is busy, broken or silent: transient, and nothing was written', async () => {
      const { id } = await subject.seed(sampleDeal());
      const order = { path: subject.readPath };
      const faults: FaultOrder[] = [{ ...order, kind: 'status', status: 429, retryAfterSeconds: 0.05 }, { ...order, kind: 'status', status: 500 }, { ...order, kind: 'status', status: 503 }, { ...order, kind: 'cut-before' }, { ...order, kind: 'html', status: 502 }];
      for (const fault of faults) {
        await subject.fault(fault);
        const failure = await failureOf(subject.port().loadOpportunity(id, context));
        assert.deepEqual([failure.kind, failure.written], ['transient', 'no'], JSON.stringify([fault, failure]));
        if (fault.retryAfterSeconds !== undefined) assert.equal(failure.retryAfterMs, 50);
      }
    });

    it('is in doubt about a write-back answered with 500, and certain about one answered with 429', async () => {
      const { id } = await subject.seed(sampleDeal());
      await subject.fault({ kind: 'status', status: 500, method: writeMethod, path: subject.writePath });
      assert.equal((await failureOf(writeBack(subject.port(), id))).kind, 'in_doubt');
      await subject.fault({ kind: 'status', status: 429, method: writeMethod, path: subject.writePath });
      const busy = await failureOf(writeBack(subject.port(), id));
      assert.deepEqual([busy.kind, busy.written], ['transient', 'no']);
    });

    it('quarantines an answer of another shape, and a web page, with the evidence', async () => {
      const { id } = await subject.seed(sampleDeal());
      for (const kind of ['wrong-schema', 'html'] as const) {
        await subject.fault({ kind, path: subject.readPath });
        const failure = await failureOf(subject.port().loadOpportunity(id, context));
        assert.deepEqual([failure.kind, failure.written], ['contract', 'no']);
        assert.ok((failure.evidence ?? '').length > 10);
      }
      await subject.fault({ kind: 'wrong-schema', method: writeMethod, path: subject.writePath });
      const written = await failureOf(writeBack(subject.port(), id));
      assert.deepEqual([written.kind, written.written], ['contract', 'unknown']);
    });

    it('writes no secret and nothing of the deal into the log', async () => {
      const log = memoryLog();
      const sample = sampleDeal({ name: 'Confidential acquisition' });
      const { id } = await subject.seed(sample);
      const port = subject.port(log);
      const logged = callContext(log);
      await port.loadOpportunity(id, logged);
      await subject.fault({ kind: 'cut-before', path: subject.readPath });
      await failureOf(port.loadOpportunity(id, logged));
      await subject.fault({ kind: 'expired-token', path: subject.readPath, times: 2 });
      const refused = await failureOf(port.loadOpportunity(id, logged));
      assert.equal(refused.code, 'CREDENTIALS_REFUSED');
      const everything = JSON.stringify([log.lines, refused]);
      assert.ok(log.lines.length > 2);
      for (const secret of [...subject.secrets(), sample.name]) assert.ok(!everything.includes(secret), 'a secret is in the log');
    });

    it('tells where the deal stands by now, in place of what it told before', async () => {
      const { id } = await subject.seed(sampleDeal());
      const port = subject.port();
      await writeBack(port, id, { ...STATUS, status: 'Waiting for a person', message: 'A rate is not approved.', projectNumbers: [] });
      await writeBack(port, id);
      assert.deepEqual(await subject.deliveryFields(id), { status: 'Activated', message: STATUS.message, projects: 'US01-TECH-7K3QF9QX, DE01-TECH-7K3QF9QX' });
    });

    it('reads days as the seller wrote them wherever the process runs', async () => {
      const { id } = await subject.seed(sampleDeal());
      await onBothSidesOfTheDateLine(async () => {
        const deal = await subject.port().loadOpportunity(id, context);
        assert.deepEqual([deal.closeDate, deal.startDate, deal.endDate, deal.lines.find(({ milestone }) => milestone !== null)?.milestone?.dueDate], ['2026-11-20', '2026-12-01', '2027-05-31', '2027-03-31']);
      });
    });

    if (subject.limitIsForbidden !== true) it('is a matter for the administrator where the integration user may not read or write', async () => {
      const { id } = await subject.seed(sampleDeal());
      await subject.fault({ kind: 'status', status: 403, path: subject.readPath });
      const read = await failureOf(subject.port().loadOpportunity(id, context));
      await subject.clearFaults();
      await subject.fault({ kind: 'status', status: 403, method: writeMethod, path: subject.writePath });
      const written = await failureOf(writeBack(subject.port(), id));
      assert.deepEqual([read.kind, read.written, written.kind, written.written], ['configuration', 'no', 'configuration', 'no']);
    });

    const faults = { next: (order: FaultOrder) => subject.fault(order), clear: () => subject.clearFaults() };
    theyTakeBadAnswers([
      {
        name: 'loadOpportunity', writes: false, spoils: { path: subject.readPath },
        arrange: async () => {
          const { id } = await subject.seed(sampleDeal());
          const port = subject.port();
          return () => port.loadOpportunity(id, context);
        },
      },
      {
        name: 'changedClosedWon', writes: false,
        arrange: async () => {
          const since = new Date(Date.now() - 1).toISOString();
          const { id } = await subject.seed(sampleDeal());
          const port = subject.port();
          return async () => assert.ok((await changes(port, since)).some(({ opportunityId }) => opportunityId === id), 'a deal is passed over in silence');
        },
      },
      {
        name: 'writeBack', writes: true, spoils: { method: writeMethod, path: subject.writePath },
        arrange: async () => {
          const { id } = await subject.seed(sampleDeal());
          const port = subject.port();
          return () => writeBack(port, id);
        },
      },
    ], faults, subject.badAnswers);

    it('stops at once when the activity is cancelled', async () => {
      const { id } = await subject.seed(sampleDeal());
      const controller = new AbortController();
      const port = subject.port();
      await port.loadOpportunity(id, context);
      await subject.fault({ kind: 'slow', path: subject.readPath });
      setTimeout(() => controller.abort(new Error('cancelled by its owner')), 30);
      const startedAt = performance.now();
      await assert.rejects(port.loadOpportunity(id, callContext(memoryLog(), controller.signal)), /cancelled by its owner/);
      assert.ok(performance.now() - startedAt < 800);
    });
  });
}
