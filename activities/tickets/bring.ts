import type { CallContext } from '../../connectors/ports.ts';
import type { ServiceDeskPort } from '../../connectors/service-desk-port.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { keepTicket, ticketClosedByHand, ticketEnded, ticketNumbered, ticketOf, ticketTold, type StoredTicket } from '../../store/case-tickets.ts';
import { caseById, type CaseRow } from '../../store/cases.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { documentOf, endOf, newsOf, STILL_OPEN, toldOf } from './document.ts';
import { openOnce } from './open.ts';

export interface Desk {
  readonly desk: string;
  readonly port: ServiceDeskPort;
  readonly context: CallContext;
  /** Where a person can look at a case; null where that is not known. */
  readonly linkOf: (caseId: string) => string | null;
}

/** Makes a case's ticket what the case is. @throws SystemFailure */
export async function bringTicket(deps: Pick<ActivityDependencies, 'store'>, at: Desk, caseId: string): Promise<'opened' | 'changed' | 'closed' | 'nothing'> {
  const { db } = deps.store;
  const row = await caseById(db, caseId);
  if (row === undefined) return 'nothing';
  const ticket = await ticketOf(db, caseId);
  if (ticket === undefined) return row.state === 'open' ? await open(deps, at, row) : 'nothing';
  if (ticket.desk !== at.desk || ticket.state !== 'open') return 'nothing';
  if (await isGone(deps, at, ticket)) return 'nothing';
  return row.state === 'open' ? await change(deps, at, row, ticket) : await close(deps, at, row, ticket);
}

async function open(deps: Pick<ActivityDependencies, 'store'>, { desk, port, context, linkOf }: Desk, row: CaseRow): Promise<'opened'> {
  const { db } = deps.store;
  const { externalId, url } = await openOnce(deps, { desk, port, ticket: documentOf(row, linkOf(row.case_id)), context });
  await keepTicket(db, { caseId: row.case_id, desk, externalId, url, told: toldOf(row), toldAt: row.updated_at });
  const number = (await port.standing([externalId], context)).get(externalId)?.number ?? null;
  if (number !== null) await ticketNumbered(db, row.case_id, number);
  return 'opened';
}

async function change(deps: Pick<ActivityDependencies, 'store'>, { port, context, linkOf }: Desk, row: CaseRow, { externalId, url, told }: StoredTicket): Promise<'changed'> {
  const now = toldOf(row);
  await port.ticket.write(documentOf(row, linkOf(row.case_id)), { externalId, url }, context);
  for (const { key, text } of newsOf(told, now)) await port.comment({ externalId, key, text }, context);
  await ticketTold(deps.store.db, { caseId: row.case_id, told: now, toldAt: row.updated_at });
  return 'changed';
}

async function close({ store: { db } }: Pick<ActivityDependencies, 'store'>, { desk, port, context }: Desk, row: CaseRow, { externalId }: StoredTicket): Promise<'closed'> {
  await port.close({ externalId, resolution: endOf(row) }, context);
  await ticketEnded(db, row.case_id, 'closed');
  await appendAudit(db, [{ process: `case-tickets/${desk}`, actor: 'q2c', action: 'ticket.closed', object: row.case_id, system: desk, message: endOf(row), details: { externalId } }]);
  return 'closed';
}

/** Whoever deleted the ticket wants none: the case goes on without it. */
async function isGone({ store: { db } }: Pick<ActivityDependencies, 'store'>, { desk, port, context }: Desk, { caseId, externalId }: StoredTicket): Promise<boolean> {
  if ((await port.standing([externalId], context)).get(externalId)?.state !== 'gone') return false;
  await ticketEnded(db, caseId, 'gone');
  await appendAudit(db, [{ process: `case-tickets/${desk}`, actor: 'q2c', action: 'ticket.gone', object: caseId, system: desk, message: `the ticket ${externalId} was deleted in ${desk}: the case goes on without one`, details: { externalId } }]);
  return true;
}

/** A ticket closed at the desk while its case is open: that is said there, once for each closing. @throws SystemFailure */
export async function sayStillOpen({ store: { db } }: Pick<ActivityDependencies, 'store'>, { port, context }: Desk, { caseId, externalId, closings }: StoredTicket): Promise<void> {
  await port.comment({ externalId, key: `closed by hand ${closings + 1}`, text: `${STILL_OPEN} Resolve it in the line: npm run q2c -- resolve ${caseId} <action> --by <you> --reason "<why>".` }, context);
  await ticketClosedByHand(db, caseId, true);
}
