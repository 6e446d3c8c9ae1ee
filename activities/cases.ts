import { dueAt, policyFor, secondPersonNeeded } from '../domain/rules/exceptions/policy.ts';
import { appendAudit } from '../store/audit-trail.ts';
import { closeCase, openCase, updateCase } from '../store/cases.ts';
import { activeConfigHash } from '../store/config-versions.ts';
import { enqueueNotification } from '../store/notifications.ts';
import { createActiveConfig } from './active-config.ts';
import { activityLog } from './context.ts';
import type { CaseActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';

const HOUR_MS = 3_600_000;

/** The steps of an exception case: what it works by, who is told, what is recorded. */
export function createCaseSteps(deps: ActivityDependencies): CaseActivities {
  const { db } = deps.store;
  const activeFirmConfig = createActiveConfig(db);

  return {
    async registerCase({ caseId, case: input }) {
      const { hash, config } = await activeFirmConfig();
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
        configHash: hash,
        secondPerson: secondPersonNeeded(policy, input.amount, config),
        rerouteTo: config.systems.filter((system) => system.id !== input.system && system.kind === config.systems.find((candidate) => candidate.id === input.system)?.kind).map((system) => system.id),
        people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])),
      };
      const message = `${input.code}: ${input.message}`;
      await db.transaction().execute(async (transaction) => {
        const isNew = await openCase(transaction, {
          caseId,
          process: input.process,
          code: input.code,
          kind: input.kind,
          severity: policy.severity,
          owner: policy.owner,
          subject: input.subject,
          message: input.message,
          mend: input.mend,
          context: { deal: input.deal, legalEntity: input.legalEntity, amount: input.amount, postingKey: input.postingKey, evidence: input.evidence },
          systems: input.system === null ? [] : [input.system],
          findings: input.findings,
          permittedActions: terms.actions,
          openedAt,
          dueAt: due,
          waitsForConfig: input.kind === 'configuration' || input.kind === 'business_rule',
        });
        if (!isNew) return;
        await appendAudit(transaction, [{ process: input.process, actor: 'q2c', action: 'case.opened', object: input.subject, system: input.system, message, details: { caseId, code: input.code, findings: input.findings } }]);
        await enqueueNotification(transaction, { caseId, occasion: 'opened', number: 1, recipient: policy.owner, message: input.message });
      });
      return { ...terms, configHash: (await activeConfigHash(db)) ?? null };
    },

    async notifyOwner({ caseId, owner, occasion, message, number }) {
      await enqueueNotification(db, { caseId, occasion, number, recipient: owner, message });
      activityLog(deps.log).warn({ caseId, owner, occasion }, message);
    },

    async recordCaseChange({ caseId, change, detail, owner, number }) {
      await updateCase(db, { caseId, detail, ...(change === 'escalated' ? { escalation: number } : {}), ...(owner === null ? {} : { owner }) });
      await appendAudit(db, [{ process: caseId, actor: 'q2c', action: `case.${change}`, object: caseId, system: null, message: detail, details: { owner } }]);
    },

    async recordResolution({ caseId, process, resolution, closedBecause }) {
      await closeCase(db, { caseId, state: resolution === null ? 'closed' : 'resolved', resolution: resolution?.action ?? closedBecause ?? 'closed', by: resolution?.by ?? 'q2c', details: resolution });
      await appendAudit(db, [{ process, actor: resolution?.by ?? 'q2c', action: resolution === null ? 'case.closed' : 'case.resolved', object: caseId, system: null, message: resolution === null ? `closed: ${closedBecause ?? ''}` : `${resolution.action} by ${resolution.by}: ${resolution.reason}`, details: { resolution, closedBecause } }]);
    },
  };
}
