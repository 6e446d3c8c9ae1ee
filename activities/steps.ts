import { isUnsupported } from '../connectors/ports.ts';
import type { RecordStep } from '../domain/process/deal-process.ts';
import { appendAudit } from '../store/audit-trail.ts';
import { SystemFailure } from '../domain/failure.ts';
import { canonicalIdOf } from '../store/identity-map.ts';
import { postingByKey, settleByPerson } from '../store/posting-settlement.ts';
import { callContext } from './context.ts';
import type { DealActivities, StepInput, StepResult } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal } from './failures.ts';
import { writeOnce } from './ledgered-write.ts';
import type { createPlanReader } from './plans.ts';
import { recordOfStep } from './records.ts';
import { activateProject, announceProject } from './time-reference.ts';

type Steps = Pick<DealActivities, 'ensureCustomer' | 'ensureContract' | 'ensureProject' | 'ensureRateCard' | 'ensureBillingSchedule' | 'publishToTimeTracking' | 'publishToResourceManagement' | 'publishToReporting' | 'setProjectStatus' | 'settlePosting'>;

/** The steps of a deal's process that write one record in one system. */
export function createSteps(deps: ActivityDependencies, readPlan: ReturnType<typeof createPlanReader>): Steps {
  function step(name: RecordStep): (input: StepInput) => Promise<StepResult> {
    return async (input) => {
      const key = `${input.process}/${name}/${input.subject}/${input.system}/v${input.version}/r${input.round}`;
      const context = callContext(deps.log, key);
      try {
        const plan = await readPlan(input.planRef);
        const record = recordOfStep(deps, plan, name, input.subject, input.system, input.references, input.process);
        if (isUnsupported(record.port)) {
          await appendAudit(deps.store.db, [{ process: input.process, actor: 'q2c', action: 'step.not_offered', object: record.label, system: input.system, message: record.port.unsupported, details: { step: name } }]);
          return { state: 'not_offered', note: record.port.unsupported };
        }
        const project = name === 'project' ? plan.projects.find(({ id }) => id === input.subject) : undefined;
        if (project !== undefined) await announceProject(deps.store.db, project);
        return await writeOnce(deps, {
          process: input.process,
          step: name,
          system: input.system,
          objectType: record.objectType,
          canonicalId: input.subject,
          label: record.label,
          key,
          document: record.document,
          madeFrom: { planRef: input.planRef, references: input.references },
          port: record.port,
          context,
        });
      } catch (error) {
        throw toTemporal(error);
      }
    };
  }

  return {
    ensureCustomer: step('customer'),
    ensureContract: step('contract'),
    ensureProject: step('project'),
    ensureRateCard: step('rate-card'),
    ensureBillingSchedule: step('billing-schedule'),
    publishToTimeTracking: step('time-project'),
    publishToResourceManagement: step('resources'),
    publishToReporting: step('reporting'),

    async setProjectStatus({ process, planRef, projectId, system, externalId, status }) {
      const context = callContext(deps.log, `${process}/activation/${projectId}/${system}/${status}`);
      try {
        const plan = await readPlan(planRef);
        const project = plan.projects.find((candidate) => candidate.id === projectId);
        if (project === undefined) throw new Error(`plan ${planRef} has no project ${projectId}`);
        const port = system === project.targets.erp ? deps.systems.erp(system) : deps.systems.time(system);
        const reached = await deps.withSlot(system, context.signal, (signal) => port.setProjectStatus({ document: project, externalId }, status, { ...context, signal }));
        // Its time is posted to the ERP: the status it has there is the one its time is judged by.
        if (system === project.targets.erp) await activateProject(deps.store.db, project, reached);
        await appendAudit(deps.store.db, [{ process, actor: 'q2c', action: `project.${reached}`, object: `project ${project.number}`, system, message: `project ${project.number} is ${reached} in ${system}`, details: { externalId } }]);
        context.log.info({ system, object: `project ${project.number}`, status: reached }, `project ${project.number} is ${reached} in ${system}`);
        return { status: reached };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async settlePosting({ postingKey, outcome, externalId, by, reason, process }) {
      const posting = await postingByKey(deps.store.db, postingKey);
      if (posting !== undefined && outcome === 'done' && externalId !== null) {
        const { object_type: objectType, canonical_id: canonicalId, system } = posting;
        const owner = await canonicalIdOf(deps.store.db, { objectType, system, externalId });
        if (owner !== undefined && owner !== canonicalId) {
          throw toTemporal(new SystemFailure({ kind: 'business_rule', code: 'WRITE_IN_DOUBT', message: `${externalId} in ${system} is ${objectType} ${owner}, so it cannot be ${canonicalId}.`, mend: `Give the ID that ${canonicalId} has in ${system}, or say "confirm_not_done" and it is written again.`, system, object: `${objectType} ${canonicalId}`, written: 'unknown', postingKey }));
        }
      }
      await settleByPerson(deps.store.db, {
        key: postingKey,
        outcome,
        externalId,
        by,
        reason,
        process,
        links: [],
        audit: [{ process, actor: by, action: `posting.confirmed_${outcome}`, object: postingKey, system: null, message: `${by} confirms ${outcome === 'done' ? `it was done: ${externalId ?? ''}` : 'it was not done'}: ${reason}`, details: { externalId } }],
      });
    },
  };
}
