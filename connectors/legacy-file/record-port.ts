import { SystemFailure } from '../../domain/failure.ts';
import type { CallContext, RecordPort } from '../ports.ts';
import type { Acknowledgement, RecordAnswer } from './acknowledgement.ts';
import { batchOf, markOf, type Part } from './batch.ts';
import type { Asking, Exchange } from './exchange.ts';
import type { LookUp, RecordName } from './look-up.ts';
import { notUnderstood, refusal, type About } from './refusals.ts';

export interface RecordKind<Document> {
  readonly record: RecordName;
  readonly key: (document: Document) => string;
  /** In words: "project US01-TECH-7K3QF9QX". */
  readonly label: (document: Document) => string;
  /** @throws SystemFailure for what the files cannot carry */
  readonly parts: (document: Document, key: string, about: About) => readonly Part[];
}

export interface Erp {
  readonly system: string;
  readonly exchange: Exchange;
  readonly lookUp: LookUp;
}

/** What the ERP may say of a record that was sent, of a cancellation and of a request (docs/legacy-erp.md, "The acknowledgement"). */
const OUTCOMES = {
  sent: ['CREATED', 'CHANGED', 'PRESENT'],
  cancelled: ['DELETED', 'DEACTIVATED', 'CANCELLED', 'KEPT', 'NOT_FOUND'],
  requested: ['DONE'],
} as const satisfies Readonly<Record<string, readonly RecordAnswer['outcome'][]>>;

/**
 * The ERP's answer for one record of a batch.
 * @throws SystemFailure where it refused the record, or the batch as a whole; with `written: 'unknown'` where it says something that is no answer to `asked`
 */
export function answerFor({ exchange }: Pick<Erp, 'exchange'>, acknowledgement: Acknowledgement, key: string, asked: keyof typeof OUTCOMES, about: About): RecordAnswer {
  const retryAfterMs = exchange.options.retryAfterSeconds * 1000;
  if (acknowledgement.outcome === 'REFUSED') throw new SystemFailure(refusal(about, acknowledgement, retryAfterMs));
  const answer = acknowledgement.records.find((each) => each.key === key);
  if (answer === undefined) throw notUnderstood(about, 'LEGACY_ACK_INCOMPLETE', `The ERP's acknowledgement of ${acknowledgement.batch} says nothing of ${about.object} (${key}).`, '', 'unknown');
  if (answer.outcome === 'REFUSED') throw new SystemFailure(refusal(about, answer, retryAfterMs));
  const fitting: readonly string[] = OUTCOMES[asked];
  if (!fitting.includes(answer.outcome)) throw notUnderstood(about, 'LEGACY_ACK_OUTCOME', `The ERP's acknowledgement of ${acknowledgement.batch} says ${answer.outcome} of ${about.object} (${key}), which is no answer to what was sent.`, '', 'unknown');
  return answer;
}

/** Records of one kind, sent as a batch each. A cancellation undoes them: the ERP deletes what nobody used and puts the rest out of use. */
export function createRecordPort<Document>(erp: Erp, kind: RecordKind<Document>): RecordPort<Document> {
  const { system, exchange, lookUp } = erp;
  const { encoding } = exchange.options;
  const askingAbout = (document: Document, context: CallContext): Asking => ({ about: { system, object: kind.label(document) }, context });

  return {
    lookUp: 'key',
    async find(document, context) {
      const standing = await lookUp.record(kind.record, kind.key(document), askingAbout(document, context));
      return standing === null ? null : { externalId: standing.number, url: null };
    },
    async write(document, _existing, context) {
      const asking = askingAbout(document, context);
      const key = kind.key(document);
      const batch = batchOf(kind.parts(document, key, asking.about), markOf(kind.record, key), context.idempotencyKey, encoding, asking.about);
      const { number, outcome } = answerFor(erp, await exchange.submit(batch, asking), key, 'sent', asking.about);
      return { externalId: number, url: null, created: outcome === 'CREATED' };
    },
    async undo({ document, created }, context) {
      const asking = askingAbout(document, context);
      const { object } = asking.about;
      const key = kind.key(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      const standing = await lookUp.record(kind.record, key, asking);
      if (standing === null) return { how: 'not_found', detail: `${object} is not in the ERP` };
      const batch = batchOf([{ table: 'cancellations', rows: [{ external_key: key, record: kind.record }] }], markOf(kind.record, key), context.idempotencyKey, encoding, asking.about);
      const { outcome } = answerFor(erp, await exchange.submit(batch, asking, 'again'), key, 'cancelled', asking.about);
      switch (outcome) {
        case 'DELETED':
          return { how: 'deleted', detail: `${object} was deleted from the ERP` };
        case 'DEACTIVATED':
          return { how: 'deactivated', detail: `${object} is used by other records in the ERP; it was put out of use there` };
        case 'CANCELLED':
          return { how: 'cancelled', detail: `${object} is used by other records in the ERP; it was cancelled there` };
        case 'NOT_FOUND':
          return { how: 'not_found', detail: `${object} is not in the ERP` };
        default:
          return { how: 'kept', detail: `${object} stays in the ERP (${outcome.toLowerCase()})` };
      }
    },
  };
}
