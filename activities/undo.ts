import { z } from 'zod';
import { isUnsupported, type RecordPort } from '../connectors/ports.ts';
import { holdRecord, livePostings, madeByUs, madeElsewhere, recordReversed, releaseRecord } from '../store/posting-settlement.ts';
import { SystemFailure } from '../domain/failure.ts';
import type { RecordStep, StepName } from '../domain/process/deal-process.ts';
import { callContext } from './context.ts';
import type { DealActivities, UndoInput, UndoResult } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal, unresolvedDoubt } from './failures.ts';
import type { createPlanReader } from './plans.ts';
import { recordOfStep } from './records.ts';
import { cancelAnnounced, cancelProject } from './time-reference.ts';

const OBJECT_TYPE = { customer: 'customer', contract: 'contract', project: 'project', 'rate-card': 'rate_card', 'billing-schedule': 'billing_schedule', 'time-project': 'project', resources: 'assignments', reporting: 'project' } as const;

/** Longer than an undo may take (workflows/activity-options.ts). */
const HOLD_MS = 5 * 60_000;

const referenceMap = z.record(z.string(), z.string());
const storedRequest = z.object({ planRef: z.string(), references: z.object({ customers: referenceMap, contracts: referenceMap, projects: referenceMap }) });

type RecordUndo = UndoInput & { readonly step: RecordStep };

/**
 * Undoes one record a deal's process made: deleted where unused, deactivated or cancelled where used, kept where it stood before
 * or another deal relies on it. A write whose answer was lost is looked up first: no orphan is left behind.
 */
export function createUndo(deps: ActivityDependencies, readPlan: ReturnType<typeof createPlanReader>): Pick<DealActivities, 'undoStep'> {
  const { db } = deps.store;

  async function undo(input: RecordUndo): Promise<UndoResult> {
    const { step, subject, system } = input;
    const what = { objectType: OBJECT_TYPE[step], canonicalId: subject, system, step };
    const postings = await livePostings(db, what);
    const own = postings.filter((posting) => sameDeal(posting.process, input.process));
    const last = own.at(-1);
    if (last === undefined) {
      if (step === 'project') await cancelAnnounced(db, subject, deps.now());
      return { how: 'never_made', detail: 'it had not been made' };
    }
    const others = [...new Set(postings.filter((posting) => !sameDeal(posting.process, input.process)).map((posting) => posting.process))];
    const context = callContext(deps.log, `${input.process}/undo/${step}/${subject}/${system}`);
    const request = storedRequest.parse(last.request);
    const plan = await readPlan(request.planRef);
    const record = recordOfStep(deps, plan, step, subject, system, request.references, input.process);
    if (isUnsupported(record.port)) return { how: 'never_made', detail: record.port.unsupported };
    const lookedUp = async <Document>(port: RecordPort<Document>, document: Document) => (await deps.withSlot(system, context.signal, (signal) => port.find(document, { ...context, signal })))?.externalId;

    const settle = async (result: UndoResult): Promise<UndoResult> => {
      const project = step === 'project' && result.how !== 'kept' ? plan.projects.find(({ id }) => id === subject) : undefined;
      if (project !== undefined && (await madeElsewhere(db, what)).length === 0) await cancelProject(db, project, deps.now());
      for (const [index, posting] of own.entries()) {
        await recordReversed(db, {
          key: posting.key,
          how: result.how,
          retireIdentity: result.how !== 'kept' && index === own.length - 1,
          audit: index < own.length - 1 ? [] : [{ process: input.process, actor: input.byHand?.by ?? 'q2c', action: `undo.${result.how}`, object: record.label, system, message: `${record.label} in ${system}: ${result.detail}`, details: { reason: input.reason } }],
        });
      }
      return result;
    };

    if (input.byHand !== undefined) return await settle({ how: 'deleted', detail: `undone by hand by ${input.byHand.by}: ${input.byHand.reason}` });
    const externalId = own.findLast((posting) => posting.external_id !== null)?.external_id ?? (record.port.lookUp === 'key' ? await lookedUp(record.port, record.document) : undefined);
    if (externalId === undefined || externalId === null) {
      if (record.port.lookUp === 'none' && own.some((posting) => posting.state === 'intent' || posting.state === 'in_doubt')) throw unknowable(input, last.key);
      return await settle({ how: 'not_found', detail: 'it is not in the system' });
    }
    if (others.length > 0) return await settle({ how: 'kept', detail: `kept: ${others.join(', ')} relies on it` });
    if (!(await madeByUs(db, what))) return await settle({ how: 'kept', detail: 'kept: it stood before this deal' });
    const { port, document } = record;
    const undone = await deps.withSlot(system, context.signal, (signal) => port.undo({ document, externalId, created: true }, { ...context, signal }));
    return await settle({ how: undone.how, detail: undone.detail });
  }

  /** No other deal can begin to write the record between the look at who relies on it and its removal. */
  async function whileHeld(input: RecordUndo, work: () => Promise<UndoResult>): Promise<UndoResult> {
    const { step, subject, system } = input;
    const key = `${input.process}/undo/${step}/${subject}/${system}`;
    if (!(await holdRecord(db, { system, objectType: OBJECT_TYPE[step], canonicalId: subject, key, leaseMs: HOLD_MS }))) {
      throw new SystemFailure({ kind: 'transient', code: 'WRITE_UNDER_WAY', message: `${step} ${subject} is being written in ${system} at this moment.`, mend: 'Its undo is tried again by itself.', system, object: `${step} ${subject}`, written: 'no', retryAfterMs: 1000 });
    }
    try {
      return await work();
    } finally {
      await releaseRecord(db, key);
    }
  }

  function unknowable({ step, subject, system }: UndoInput, postingKey: string) {
    return unresolvedDoubt({
      kind: 'in_doubt',
      code: 'UNDO_IN_DOUBT',
      message: `nobody knows whether ${step} ${subject} was made in ${system}, which offers no way to ask.`,
      mend: `Look for it in ${system} and remove it if it is there.`,
      system,
      object: `${step} ${subject}`,
      written: 'unknown',
      postingKey,
    });
  }

  return {
    async undoStep(input) {
      const { step } = input;
      if (!isRecordStep(step)) return { how: 'kept', detail: `${step} needs no undo of its own` };
      const record = { ...input, step };
      try {
        return await whileHeld(record, () => undo(record));
      } catch (error) {
        throw toTemporal(error);
      }
    },
  };
}

function isRecordStep(step: StepName): step is RecordStep {
  return Object.hasOwn(OBJECT_TYPE, step);
}

/** `closed-won/<deal>` and `change-order/<deal>` are processes of the same deal. */
function sameDeal(left: string, right: string): boolean {
  const deal = (process: string) => process.slice(process.indexOf('/') + 1);
  return deal(left) === deal(right);
}
