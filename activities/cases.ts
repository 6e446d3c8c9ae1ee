import { firmConfigSchema } from '../domain/config/schema.ts';
import { dueAt, policyFor, secondPersonNeeded } from '../domain/rules/exceptions/policy.ts';
import { appendAudit } from '../store/audit-trail.ts';
import { closeCase, openCase, updateCase } from '../store/cases.ts';
import { activeConfig } from '../store/config-versions.ts';
import { enqueueNotification } from '../store/notifications.ts';
import type { CaseActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';

const HOUR_MS = 3_600_000;

/** The steps of an exception case: what it works by, who is told, what is recorded. */
export function createCaseSteps(deps: ActivityDependencies): CaseActivities {
  const { db } = deps.store;

  return {
    async registerCase({ caseId, case: input }) {
      const active = await activeConfig(db);
      const config = firmConfigSchema.parse(active?.document);
      const policy = policyFor(input.code, config);
      const openedAt = new Date().toISOString();
      const due = dueAt({ openedAt, slaHours: policy.slaHours, legalEntity: input.legalEntity, config });
      const reminder = new Date(Date.parse(due) - policy.remindHoursBefore * HOUR_MS).toISOString();
      const terms = {
        policy,
        actions: policy.actions.filter((action) => !input.without.includes(action)),
        openedAt,
        remindAt: policy.remindHoursBefore > 0 && reminder > openedAt ? reminder : null,
        dueAt: due,
        secondPerson: secondPersonNeeded(policy, input.amount, config),
        people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])),
      };
      await openCase(db, {
        caseId,
        process: input.process,
        code: input.code,
        kind: input.kind,
        severity: policy.severity,
        owner: policy.owner,
        subject: input.subject,
        message: input.message,
        mend: input.mend,
        deal: input.deal,
        system: input.system,
        findings: input.findings,
        permittedActions: terms.actions,
        openedAt,
        dueAt: due,
        waitsForConfig: input.kind === 'configuration' || input.kind === 'business_rule',
      });
      await appendAudit(db, [{ process: input.process, actor: 'q2c', action: 'case opened', objectType: 'exception_case', objectId: caseId, system: input.system, details: { code: input.code, subject: input.subject, message: input.message, findings: input.findings } }]);
      await enqueueNotification(db, { key: `${caseId}/opened`, caseId, recipient: policy.owner, occasion: 'opened', message: input.message });
      return terms;
    },

    async notifyOwner({ caseId, owner, occasion, message, number }) {
      await enqueueNotification(db, { key: `${caseId}/${occasion}/${number}`, caseId, recipient: owner, occasion, message });
      deps.log.warn({ caseId, owner, occasion }, message);
    },

    async recordCaseChange({ caseId, change, detail, owner }) {
      await updateCase(db, { caseId, ...(change === 'refused' ? {} : { state: change }), owner });
      await appendAudit(db, [{ process: caseId, actor: 'q2c', action: `case ${change}`, objectType: 'exception_case', objectId: caseId, system: null, details: { detail, owner } }]);
    },

    async recordResolution({ caseId, process, resolution, closedBecause }) {
      await closeCase(db, { caseId, resolution: resolution?.action ?? 'closed', by: resolution?.by ?? 'q2c', reason: resolution?.reason ?? closedBecause ?? '' });
      await appendAudit(db, [{ process, actor: resolution?.by ?? 'q2c', action: resolution === null ? 'case closed' : `case resolved: ${resolution.action}`, objectType: 'exception_case', objectId: caseId, system: null, details: { resolution, closedBecause } }]);
    },
  };
}
