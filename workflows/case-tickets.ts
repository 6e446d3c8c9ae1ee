import { ApplicationFailure, isCancellation, proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import type { CaseTicketActivities } from '../activities/tickets/contract.ts';
import type { Failure } from '../domain/failure.ts';
import { onStore, onTarget } from './activity-options.ts';
import { failureOf } from './failures.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

/** As many cases as a run sees to, and as many as one step does; what is left is the next run's, a minute later. */
const CASES_A_RUN = 500;
const CASES_A_STEP = 25;
/** A step is tried so often; then the next run tries. */
const TRIES = 3;
/** How long a case may wait for its ticket for passing reasons before a person is told. */
const SLA_MINUTES = 60;
const MINUTE_MS = 60_000;

export interface CaseTicketsOutcome {
  readonly opened: number;
  readonly changed: number;
  readonly closed: number;
  readonly closedByHand: number;
  /** Left to the next run. */
  readonly failed: number;
}

/**
 * Keeps the exception cases in a service desk: every open case has a ticket, once; what changes in the case is told there; the ticket closes when the case ends. A ticket
 * that people close does not resolve its case, which is said there. Started by a schedule; a run that fails for good, or has failed for an hour, opens an exception case of
 * the desk, once, and the next one that goes well closes it.
 */
export async function caseTickets(input: { readonly desk: string }): Promise<CaseTicketsOutcome> {
  const { desk } = input;
  const subject = `tickets of exception cases in ${desk}`;
  const target = onTarget(desk, subject, desk);
  const { bringTickets, lookAtTickets } = proxyActivities<CaseTicketActivities>({ ...target, retry: { ...target.retry, maximumAttempts: TRIES } });
  const { ticketWork, caseOfTickets } = proxyActivities<CaseTicketActivities>(onStore(`work on the ${subject}`));

  async function bring(): Promise<CaseTicketsOutcome> {
    const { caseIds, waitingSince } = await ticketWork({ desk, limit: CASES_A_RUN });
    let [opened, changed, closed] = [0, 0, 0];
    const failures: Failure[] = [];
    for (let from = 0; from < caseIds.length; from += CASES_A_STEP) {
      const step = await tried(() => bringTickets({ desk, caseIds: caseIds.slice(from, from + CASES_A_STEP) }));
      if (step === undefined) break;
      opened += step.opened;
      changed += step.changed;
      closed += step.closed;
      failures.push(...step.failures);
    }
    const looked = await tried(() => lookAtTickets({ desk }));
    failures.push(...(looked?.failures ?? []));
    const waitsFor = waitingSince === null ? 0 : Date.now() - Date.parse(waitingSince);
    const worst = failures.find(({ kind }) => !isPassing(kind)) ?? (waitsFor >= SLA_MINUTES * MINUTE_MS ? failures[0] : undefined);
    if (worst !== undefined) throw failed(worst, failures.length);
    return { opened, changed, closed, closedByHand: looked?.closedByHand ?? 0, failed: failures.length };

    /** A desk that is away for a moment is left to the next run. */
    async function tried<Result>(step: () => Promise<Result>): Promise<Result | undefined> {
      try {
        return await step();
      } catch (error) {
        if (isCancellation(error)) throw error;
        failures.push(failureOf(error, subject));
        return undefined;
      }
    }
  }

  return await sweepWithCase({
    system: desk,
    subject,
    sweep: bring,
    caseOfSweep: () => caseOfTickets(input),
    consequence: `Exception cases do not all stand in ${desk} as they are`,
    remedy: 'tickets that are missing are opened then; until then the cases are listed by npm run q2c -- exceptions',
    all: `all of ${desk}`,
  });
}

function isPassing(kind: Failure['kind']): boolean {
  return kind === 'transient' || kind === 'in_doubt';
}

function failed(failure: Failure, inAll: number): ApplicationFailure {
  const told: Failure = inAll === 1 ? failure : { ...failure, message: `${failure.message} (${inAll} tickets in all.)` };
  return ApplicationFailure.create({ message: `${told.message} ${told.mend}`, type: told.kind, nonRetryable: true, details: [told] });
}

// Short: it ends on the build it began with.
setWorkflowOptions(onDeployment('PINNED'), caseTickets);
