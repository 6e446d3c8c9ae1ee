import { SystemFailure } from '../../domain/failure.ts';
import { projectStatusSchema, type ProjectStatus } from '../../domain/model/project.ts';
import type { ErpPort } from '../ports.ts';
import { batchOf, markOf } from './batch.ts';
import { answerFor, type Erp } from './record-port.ts';
import { projectKey, projectLabel } from './records.ts';
import { notUnderstood } from './refusals.ts';

/** Sets a project's status by a file, unless the ERP has it already. */
export function createStatusSetter(erp: Erp): ErpPort['setProjectStatus'] {
  return async ({ document }, status, context) => {
    const about = { system: erp.system, object: projectLabel(document) };
    const key = projectKey(document);
    const standing = await erp.lookUp.record('PROJECT', key, { about, context });
    if (standing === null) {
      throw new SystemFailure({ kind: 'business_rule', code: 'LEGACY_PROJECT_MISSING', message: `The ERP has no ${about.object} to set to ${status}.`, mend: 'Find out who deleted it in the ERP, then send it again or abort.', ...about, written: 'no' });
    }
    if (standing.status.toLowerCase() === status) return status;
    const batch = batchOf([{ table: 'project_status', rows: [{ external_key: key, status: status.toUpperCase() }] }], markOf('PROJECT', key), context.idempotencyKey, erp.exchange.options.encoding, about);
    const answer = answerFor(erp, await erp.exchange.submit(batch, { about, context }, 'again'), key, 'sent', about);
    return statusOf(answer.status, about);
  };
}

function statusOf(told: string, about: { readonly system: string; readonly object: string }): ProjectStatus {
  const status = projectStatusSchema.safeParse(told.toLowerCase());
  if (status.success) return status.data;
  throw notUnderstood(about, 'LEGACY_STATUS_UNKNOWN', `The ERP says that ${about.object} has the status "${told}", which was not agreed.`, told, 'unknown');
}
