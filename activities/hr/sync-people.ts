import type { Employee } from '../../connectors/hr-port.ts';
import { bySystemsClock } from '../../connectors/http/clock-skew.ts';
import { firmConfigSchema } from '../../domain/config/schema.ts';
import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { termsOfEmployee } from '../../domain/rules/hr/terms-of-employee.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { casesWaitingForConfig } from '../../store/cases.ts';
import { activeConfig } from '../../store/config-versions.ts';
import { identifyPersons, personIdentities, type PersonIdentity } from '../../store/time/person-identities.ts';
import { putReference, referenceRows, type ReferenceRow } from '../../store/time/reference.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { callContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import { standingCaseOf } from '../sweep.ts';
import type { NotTaken, ReferenceSyncActivities } from './contract.ts';
import { changedRows, rowsByPerson } from './person-rows.ts';
import { employmentInForce, heldByAnother, sharedAddress } from './shared-address.ts';

/** Looked at again at each run: a change may become visible some time after its own timestamp. */
const OVERLAP_MS = 10 * 60_000;
const ROWS_AT_ONCE = 1000;
const SHOWN = 50;
const WOKEN = 2000;
/** What was judged within so long of a change may not have known of it: workers keep reference data for a while. */
const MAY_NOT_KNOW_MS = 60_000;
/** When people changed last without those who wait having been told; empty once they have. */
const untoldOf = (hr: string) => `people-untold/${hr}`;

/** An address and the record it stands for, with the one it stood for until now. */
type PassedOn = PersonIdentity & { readonly before: string | undefined };

export function createReferenceSync(deps: Pick<ActivityDependencies, 'store' | 'log'> & { readonly systems: Pick<ActivityDependencies['systems'], 'hr'> }): ReferenceSyncActivities {
  const { db } = deps.store;

  /** The rows that are new or say something else than what is known, and whose records they are of, all at once. @returns how many rows */
  async function put(hr: string, rows: readonly ReferenceRow[], identities: readonly PassedOn[]): Promise<number> {
    if (rows.length === 0 && identities.length === 0) return 0;
    return await db.transaction().execute(async (transaction) => {
      const process = `reference-sync/${hr}`;
      await identifyPersons(transaction, hr, process, identities);
      const passed = identities.filter(({ before }) => before !== undefined);
      await appendAudit(transaction, passed.map(({ email, externalId, before }) => ({ process, actor: hr, action: 'person.address_passed', object: email, system: hr, message: `${email} stands for the record ${externalId} of ${hr} from now on, no longer for ${before ?? ''}`, details: { before: before ?? null, externalId } })));
      if (rows.length === 0) return 0;
      let count = 0;
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) count += await putReference(transaction, `hr ${hr}`, rows.slice(at, at + ROWS_AT_ONCE));
      await appendAudit(transaction, [{ process, actor: hr, action: 'reference.synced', object: 'people', system: hr, message: `${count} people taken over from ${hr}`, details: { person: count } }]);
      // With the change itself, so that no crash comes between it and those who wait for it.
      const untold = await readWatermark(transaction, untoldOf(hr));
      await advanceWatermark(transaction, { name: untoldOf(hr), from: untold ?? null, to: new Date().toISOString() });
      return count;
    });
  }

  /** What was given to a person before this moment because reference data was missing, the longest waiting first. */
  async function waitingSince(before: Instant): Promise<string[]> {
    const waiting = (await casesWaitingForConfig(db)).filter(({ kind, process, opened_at }) => kind === 'configuration' && /^(?:timesheet|expense)\//.test(process) && Date.parse(opened_at) < Date.parse(before));
    return [...new Set(waiting.map(({ process }) => process))];
  }

  return {
    async syncPeople({ hr }) {
      const context = callContext(deps.log, `reference-sync/${hr}`);
      try {
        const active = await activeConfig(db);
        if (active === undefined) throw noConfig(hr);
        const firm = firmConfigSchema.parse(active.document);
        const known = rowsByPerson(await referenceRows(db, { kind: 'person' }));
        const port = deps.systems.hr(hr);
        const name = `people/${hr}`;
        const startedAt = Date.now();
        const last = await readWatermark(db, name);
        const employees = new Map<string, Employee>();
        const notTaken: NotTaken[] = [];
        let looked = 0;
        for await (const told of port.employees(last === undefined ? null : addMilliseconds(last, -OVERLAP_MS), context)) {
          looked += 1;
          if (looked % 100 === 0) context.heartbeat(`${looked} people`);
          if ('unreadable' in told) {
            const { externalId, reason, mend } = told.unreadable;
            notTaken.push({ externalId, findings: [{ code: 'PERSON_UNREADABLE', message: reason, mend }] });
            continue;
          }
          const { employee } = told;
          const other = employees.get(employee.email);
          if (other?.active === true && employee.active) notTaken.push(sharedAddress(employee, other));
          // Of two records of a person, as after a return, the one in force counts.
          else if (other === undefined || employee.active || (!other.active && employee.changedAt > other.changedAt)) employees.set(employee.email, employee);
        }
        const rows: ReferenceRow[] = [];
        const identities: PassedOn[] = [];
        const standsFor = await personIdentities(db, hr);
        for (const told of employees.values()) {
          const before = known.get(told.email);
          // A run that is told of everybody has seen who shares an address.
          const held = told.active && before !== undefined && last !== undefined ? await heldByAnother(port, told, standsFor.get(told.email), context) : null;
          if (held !== null) {
            notTaken.push(held);
            continue;
          }
          // An earlier employment may be told alone when it is edited: it does not end the one in force.
          const inForce = told.active || before === undefined || last === undefined ? { employee: told } : await employmentInForce(port, told, context);
          if ('notTaken' in inForce) {
            notTaken.push(inForce.notTaken);
            continue;
          }
          const { employee } = inForce;
          const outcome = termsOfEmployee(employee, (before ?? []).map(({ person }) => person), firm);
          if ('findings' in outcome) notTaken.push({ externalId: employee.externalId, findings: outcome.findings.map(({ code, message, mend }) => ({ code, message, mend })) });
          else if ('terms' in outcome) {
            const { email, externalId } = employee;
            if (standsFor.get(email) !== externalId) identities.push({ email, externalId, before: standsFor.get(email) });
            rows.push(...changedRows(before ?? [], outcome.terms));
          }
        }
        const changed = await put(hr, rows, identities);
        // Who could not be taken is asked for again, until HR or the configuration says more.
        if (notTaken.length === 0) await advanceWatermark(db, { name, from: last ?? null, to: bySystemsClock(hr, startedAt).toISOString() });
        const untold = (await readWatermark(db, untoldOf(hr))) ?? '';
        const waiting = untold === '' ? [] : await waitingSince(addMilliseconds(untold, MAY_NOT_KNOW_MS));
        return { looked, changed, notTaken: notTaken.slice(0, SHOWN), notTakenInAll: notTaken.length, waiting: waiting.slice(0, WOKEN), changedAt: untold === '' || waiting.length > WOKEN ? null : untold };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async waitingTold({ hr, changedAt }) {
      await advanceWatermark(db, { name: untoldOf(hr), from: changedAt, to: '' });
    },

    async caseOfReferenceSync({ hr }) {
      return await standingCaseOf(db, `reference-sync/${hr}`);
    },
  };
}

function noConfig(hr: string): SystemFailure {
  return new SystemFailure({ kind: 'configuration', code: 'CONFIG_NOT_ACTIVE', message: 'no configuration is active yet.', mend: 'Activate one: npm run q2c -- config activate.', system: hr, object: `people of ${hr}`, written: 'no' });
}
