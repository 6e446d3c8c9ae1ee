import { z } from 'zod';
import { isUnsupported } from '../connectors/ports.ts';
import { SystemFailure } from '../domain/failure.ts';
import { parseOpportunity, type Opportunity } from '../domain/model/opportunity.ts';
import { dealKey, type DealOutcome, type DealReference } from '../domain/process/deal-process.ts';
import { decideDeal, RULES_VERSION } from '../domain/rules/closed-won/decide.ts';
import { appendAudit } from '../store/audit-trail.ts';
import { dealProcess, noteDealLoaded, recordDealOutcome, recordDealUnchanged, type DealProcessRow } from '../store/deal-processes.ts';
import { archiveDecision } from '../store/decisions.ts';
import { getDocument, putDocument } from '../store/documents.ts';
import { canonicalJson, sha256 } from '../store/json.ts';
import { createActiveConfig } from './active-config.ts';
import { activityLog, callContext } from './context.ts';
import type { DealActivities, PriorOutcome } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal } from './failures.ts';
import { outlineOf, type createPlanReader } from './plans.ts';

type DealSteps = Pick<DealActivities, 'loadDeal' | 'decideDeal' | 'outlinePlan' | 'writeBackToCrm' | 'recordOutcome'>;

/** The steps of a deal's process that read, decide and report. */
export function createDealSteps(deps: ActivityDependencies, readPlan: ReturnType<typeof createPlanReader>): DealSteps {
  const { db } = deps.store;
  const configuration = createActiveConfig(db);

  return {
    async loadDeal({ process, deal, atLeast }) {
      try {
        const context = callContext(deps.log, `${process}/load`);
        const opportunity = await deps.withSlot(deal.crm, context.signal, (signal) => deps.systems.crm(deal.crm).loadOpportunity(deal.opportunityId, { ...context, signal }));
        if (atLeast !== '' && opportunity.version < atLeast) throw staleRead(deal, opportunity.version, atLeast);
        const ref = await putDocument(db, { kind: 'opportunity', schemaVersion: opportunity.schemaVersion, body: opportunity });
        const known = await noteDealLoaded(db, { ...deal, workflowId: process, version: opportunity.version });
        return {
          ref,
          version: opportunity.version,
          fingerprint: fingerprintOf(opportunity),
          name: opportunity.name,
          client: opportunity.accounts[0]?.name ?? '',
          amount: opportunity.amount,
          url: opportunity.url,
          prior: priorOutcome(known),
        };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async decideDeal({ process, dealRef, overrides, round }) {
      try {
        const { hash, config } = await configuration();
        const { transientSlaMinutes } = config;
        const opportunity = parseOpportunity((await getDocument(db, dealRef)).body);
        const inForceRef = (await dealProcess(db, { crm: opportunity.crm, opportunityId: opportunity.id }))?.plan_ref_applied ?? null;
        const { findings, plan: decided } = decideDeal(opportunity, config, hash, overrides, inForceRef === null ? null : await readPlan(inForceRef));
        const planRef = decided === null ? null : await putDocument(db, { kind: 'deal-plan', schemaVersion: decided.schemaVersion, body: decided });
        await archiveDecision(db, {
          process,
          step: `decide/${round}`,
          inputsRef: dealRef,
          configHash: hash,
          ruleVersion: RULES_VERSION,
          outcome: { overrides, findings, planRef, inForceRef },
        });
        if (decided === null || planRef === null) return { outcome: 'rejected', findings, configHash: hash, transientSlaMinutes };
        return { outcome: 'planned', plan: outlineOf(planRef, decided), configHash: hash, transientSlaMinutes };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async outlinePlan({ planRef }) {
      return outlineOf(planRef, await readPlan(planRef));
    },

    async writeBackToCrm({ process, deal, status }) {
      try {
        const port = deps.systems.crm(deal.crm);
        if (isUnsupported(port.writeBack)) return { state: 'not_offered', note: port.writeBack.unsupported };
        const context = callContext(deps.log, `${process}/write-back/${status.status}/${status.at}`);
        const { writeBack } = port;
        await deps.withSlot(deal.crm, context.signal, (signal) => writeBack(deal.opportunityId, status, { ...context, signal }));
        return { state: 'done', externalId: deal.opportunityId, url: null, created: false };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async recordOutcome({ process, deal, outcome, planRef, loaded, reroutes, at }) {
      activityLog(deps.log).info({ outcome: outcome.outcome }, `deal ${dealKey(deal)}: ${outcomeInWords(outcome)}`);
      if (outcome.outcome === 'unchanged') {
        await recordDealUnchanged(db, { ...deal, version: outcome.version, endedAt: at });
        return;
      }
      const applied = planRef !== null && loaded !== null && outcome.outcome !== 'aborted' ? { ...loaded, planRef } : null;
      await recordDealOutcome(db, { ...deal, workflowId: process, state: planRef === null ? 'aborted' : 'activated', outcome: { ...outcome, fingerprint: loaded?.fingerprint ?? null, reroutes }, applied, endedAt: at });
      await appendAudit(db, [{ process, actor: 'q2c', action: `deal.${outcome.outcome}`, object: `deal ${dealKey(deal)}`, system: deal.crm, message: outcomeInWords(outcome), details: outcome }]);
    },
  };
}

function staleRead(deal: DealReference, got: string, told: string): SystemFailure {
  return new SystemFailure({
    kind: 'transient',
    code: 'STALE_READ',
    message: `${deal.crm} still answers deal ${deal.opportunityId} as of ${got}, though its event told of ${told}.`,
    mend: 'It is read again until the CRM has caught up.',
    system: deal.crm,
    object: `deal ${deal.opportunityId}`,
    written: 'no',
    retryAfterMs: 2000,
  });
}

/** Equal for two versions of a deal that differ in nothing the line works from: our own write-back changes only version and time. */
export function fingerprintOf(opportunity: Opportunity): string {
  const { version: _version, modifiedAt: _modifiedAt, ...content } = opportunity;
  return sha256(canonicalJson(content));
}

const abortedOutcome = z.looseObject({ outcome: z.literal('aborted'), fingerprint: z.string() });

const reroutedOutcome = z.looseObject({ reroutes: z.array(z.object({ from: z.string(), to: z.string(), by: z.string() })).default([]) });

function priorOutcome(known: DealProcessRow): PriorOutcome | null {
  const aborted = abortedOutcome.safeParse(known.outcome);
  const fingerprints = [known.fingerprint_applied, aborted.success ? aborted.data.fingerprint : null].filter((fingerprint) => fingerprint !== null);
  const { reroutes } = reroutedOutcome.parse(known.outcome ?? {});
  return fingerprints.length === 0 ? null : { fingerprints, planRef: known.plan_ref_applied, reroutes };
}

function outcomeInWords(outcome: DealOutcome): string {
  switch (outcome.outcome) {
    case 'activated':
      return `activated as ${outcome.projects.join(', ')}`;
    case 'unchanged':
      return 'nothing that matters had changed';
    case 'aborted':
      return `aborted (${outcome.reason}); undone: ${outcome.undone.length}, not undone: ${outcome.notUndone.length}`;
  }
}
