import type { CallContext, Written } from '../../connectors/ports.ts';
import type { CaseTicket, ServiceDeskPort } from '../../connectors/service-desk-port.ts';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { sha256 } from '../../store/json.ts';
import { openIntent, recordDone, recordInDoubt, recordNotDone, renewIntent } from '../../store/posting-ledger.ts';
import type { ActivityDependencies } from '../dependencies.ts';

const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** As the identity map names it. */
const OBJECT_TYPE = 'case_ticket';

/**
 * A case's ticket, once: intent in the posting ledger → call → result. An attempt that finds an earlier one unanswered looks the desk up first, by the case's ID.
 * @throws SystemFailure
 */
export async function openOnce({ store: { db } }: Pick<ActivityDependencies, 'store'>, { desk, port, ticket, context }: { readonly desk: string; readonly port: ServiceDeskPort; readonly ticket: CaseTicket; readonly context: CallContext }): Promise<Pick<Written, 'externalId' | 'url'>> {
  const { caseId } = ticket;
  const process = `case-tickets/${desk}`;
  const label = `the ticket of case ${caseId}`;
  const key = `case-ticket/${desk}/${caseId}`;
  // The case may change between two attempts: it is the same ticket.
  const intent = await openIntent(db, { key, process, step: 'ticket', system: desk, operation: 'write', objectType: OBJECT_TYPE, canonicalId: caseId, requestHash: sha256(caseId), request: null, existed: null, leaseMs: LEASE_MS });
  switch (intent.status) {
    case 'done':
      return { externalId: intent.externalId ?? '', url: urlOf(intent.result) };
    case 'busy':
      throw new SystemFailure({ kind: 'transient', code: 'WRITE_UNDER_WAY', message: `another attempt to open ${label} is under way until ${intent.leaseUntil}.`, mend: 'It is tried again by itself.', system: desk, object: label, written: 'unknown', retryAfterMs: 1000 });
    case 'conflict':
      throw new SystemFailure({ kind: 'contract', code: 'LEDGER_CONFLICT', message: `${label} was opened before under the key ${key} for something else.`, mend: 'This is a defect in the process: report it to integration support with this key.', system: desk, object: label, written: 'unknown' });
    default:
      break;
  }
  const attempt = { key, generation: intent.generation, attempt: intent.attempt };
  const mustLookUp = intent.status === 'retry' && intent.mustLookUp;
  const renewing = setInterval(() => {
    renewIntent(db, { ...attempt, leaseMs: LEASE_MS }).catch((error: unknown) => context.log.warn({ key, error: String(error) }, 'the lease could not be renewed; tried again in a moment'));
  }, RENEW_MS);
  let written: Pick<Written, 'externalId' | 'url'>;
  try {
    written = (mustLookUp ? await port.ticket.find(ticket, context) : null) ?? (await port.ticket.write(ticket, null, context));
  } catch (error) {
    const failure = isSystemFailure(error) ? error.failure : undefined;
    const ended = { ...attempt, audit: [], error: { code: failure?.code ?? 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) } };
    // A look-up that failed says nothing of the write before it.
    if (failure?.written === 'no' && !mustLookUp) await recordNotDone(db, ended);
    else await recordInDoubt(db, ended);
    throw error;
  } finally {
    clearInterval(renewing);
  }
  const { externalId, url } = written;
  await recordDone(db, {
    key,
    generation: attempt.generation,
    externalId,
    result: { externalId, url },
    undo: null,
    process,
    links: [{ objectType: OBJECT_TYPE, canonicalId: caseId, system: desk, externalId, url }],
    audit: [{ process, actor: 'q2c', action: 'ticket.opened', object: caseId, system: desk, message: `case ${caseId} is ${url ?? externalId} in ${desk}`, details: { externalId, url } }],
  });
  return written;
}

function urlOf(result: unknown): string | null {
  return typeof result === 'object' && result !== null && 'url' in result && typeof result.url === 'string' ? result.url : null;
}
