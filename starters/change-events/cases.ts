import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Log } from '../../connectors/ports.ts';
import type { CaseInput } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { casesOf } from '../../store/cases.ts';
import type { Db } from '../../store/database.ts';
import { closeCaseSignal } from '../../workflows/contracts/exception-case.ts';
import { SearchAttribute } from '../../workflows/contracts/search-attributes.ts';
import type { exceptionCase } from '../../workflows/exception-case.ts';

/** What may be wrong with a subscription; each has at most one open case. */
export const TROUBLES = ['stopped', 'position-lost', 'unreadable'] as const;
export type Trouble = (typeof TROUBLES)[number];

export type TroubleTold = Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend'>;

/** The exception cases of one subscription to change events. None of these throws: what could not be done is logged, and done at the next occasion. */
export interface SubscriptionCases {
  /** Opens the case, unless it is open; one that says something else is closed. @returns whether it is open now */
  raise(trouble: Trouble, told: TroubleTold): Promise<boolean>;
  /** The trouble is over. @param over asked with the moment the case was opened at, where that alone does not end it */
  settle(trouble: Trouble, reason: string, over?: (openedAt: string) => Promise<boolean>): Promise<void>;
}

/** A process that stops waits for what is under way. */
const CALL_MS = 3_000;
/** Another process may have opened a case: the register is looked at so often while nothing is known to be open. */
const LOOK_AGAIN_MS = 60_000;

export function subscriptionCases({ client, db, log, system }: { readonly client: Pick<Client, 'workflow' | 'withDeadline'>; readonly db: Db; readonly log: Log; readonly system: string }): SubscriptionCases & { stop(): Promise<void> } {
  const lookedAt = new Map<Trouble, number>();
  /** Opened by us, and not in the register yet. */
  const fresh = new Map<Trouble, string>();
  const processOf = (trouble: Trouble) => `change-events/${system}/${trouble}`;
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;

  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    if (stopped) throw new Error('the subscriptions are being stopped');
    const running = client.withDeadline(Date.now() + CALL_MS, work);
    underWay.add(running);
    try {
      return await running;
    } finally {
      underWay.delete(running);
    }
  }

  async function open(caseId: string, process: string, { code, kind, message, mend }: TroubleTold): Promise<void> {
    const input: CaseInput = {
      process,
      code,
      kind,
      subject: `change events of ${system}`,
      message,
      mend,
      findings: [],
      system,
      legalEntity: null,
      deal: `all of ${system}`,
      amount: null,
      evidence: null,
      postingKey: null,
      configHash: null,
      registersItself: true,
      without: ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'],
    };
    try {
      await call(() => client.workflow.start<typeof exceptionCase>('exceptionCase', {
        taskQueue: LINE_QUEUE,
        workflowId: caseId,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [input],
        staticSummary: `${code}: ${input.subject}`.slice(0, 190),
        typedSearchAttributes: [
          { key: SearchAttribute.process, value: 'exceptionCase' },
          { key: SearchAttribute.exceptionCode, value: code },
          { key: SearchAttribute.system, value: system },
        ],
      }));
    } catch (error) {
      // Opened a moment ago, and not in the register yet.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  const close = async (caseId: string, reason: string) => await call(() => client.workflow.getHandle(caseId).signal(closeCaseSignal, { reason }));

  return {
    async raise(trouble, told) {
      const process = processOf(trouble);
      try {
        const cases = await casesOf(db, process);
        const known = cases.find(({ state }) => state === 'open');
        lookedAt.delete(trouble);
        if (known?.code === told.code) return true;
        const caseId = `exception/${process}/${cases.length + 1}`;
        await open(caseId, process, told);
        fresh.set(trouble, caseId);
        if (known !== undefined) await close(known.case_id, 'it is another failure now; a new case names it');
        return true;
      } catch (error) {
        log.warn({ system, code: told.code, error: error instanceof Error ? error.message : String(error) }, 'the case of the change events could not be opened; tried again at the next occasion');
        return false;
      }
    },

    async settle(trouble, reason, over) {
      if (Date.now() - (lookedAt.get(trouble) ?? 0) < LOOK_AGAIN_MS) return;
      try {
        const cases = await casesOf(db, processOf(trouble));
        const known = cases.find(({ state }) => state === 'open');
        if (cases.some(({ case_id }) => case_id === fresh.get(trouble))) fresh.delete(trouble);
        const opening = fresh.get(trouble);
        if (opening !== undefined) {
          if (over !== undefined) return;
          await close(opening, reason);
          fresh.delete(trouble);
        } else if (known === undefined) lookedAt.set(trouble, Date.now());
        else if (over === undefined || (await over(known.opened_at))) await close(known.case_id, reason);
      } catch (error) {
        log.warn({ system, error: error instanceof Error ? error.message : String(error) }, 'the case of the change events could not be closed; tried again at the next occasion');
      }
    },

    /** A connection that is closed under a call which is being retried ends the process. */
    async stop() {
      stopped = true;
      await Promise.allSettled([...underWay]);
    },
  };
}
