import type { ExpensePort } from '../../connectors/expense-port.ts';
import type { LookUp } from '../../connectors/ports.ts';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';

export interface ErpFault extends Partial<Failure> {
  readonly kind: Failure['kind'];
  /** The record is made before the failure is told. */
  readonly after?: boolean;
  readonly times: number;
}

/** An ERP in memory that keeps every write, doubled ones too, and fails on order for single reports. */
export function createFakeErp() {
  const written: { readonly externalId: string; readonly posting: ExpensePosting }[] = [];
  const faults = new Map<string, ErpFault>();
  const lookUps = new Map<string, LookUp>();
  const closed = new Set<string>();
  let asked = 0;

  function failing(report: string, after: boolean): void {
    const fault = faults.get(report);
    if (fault === undefined || fault.times === 0 || (fault.after ?? false) !== after) return;
    faults.set(report, { ...fault, times: fault.times - 1 });
    throw new SystemFailure({ code: 'ORDERED_FAILURE', message: `the ERP failed on order for ${report}.`, mend: 'Order no more failures.', system: 'netsuite', object: report, written: fault.kind === 'in_doubt' ? 'unknown' : 'no', retryAfterMs: 20, ...fault });
  }

  const find = (key: string) => {
    const known = written.find(({ posting }) => posting.key === key);
    return known === undefined ? null : { externalId: known.externalId, url: null };
  };

  function port(system: string): ExpensePort {
    return {
      lookUp: lookUps.get(system) ?? 'key',
      find: async ({ key }) => {
        asked += 1;
        return Promise.resolve(find(key));
      },
      write: async (posting) => {
        await Promise.resolve();
        failing(posting.report.id, false);
        const externalId = `ER-${written.length + 1}`;
        written.push({ externalId, posting });
        failing(posting.report.id, true);
        return { externalId, url: `https://erp.example/${externalId}`, created: true };
      },
      undo: async () => Promise.reject(new Error('a posting is reversed, never undone')),
    };
  }

  return {
    /** For one ERP system: takes no reports while closed; cannot be asked where a look-up of `none` is ordered. */
    expenses(system: string): ExpensePort {
      if (closed.has(system)) return { unsupported: 'the licence has no expense module' };
      return port(system);
    },
    fail: (report: string, fault: ErpFault) => faults.set(report, fault),
    mend: (report: string) => faults.delete(report),
    cannotBeAsked: (system: string) => lookUps.set(system, 'none'),
    close: (system: string) => closed.add(system),
    mendAll(): void {
      faults.clear();
      lookUps.clear();
      closed.clear();
    },
    /** As if an attempt had written it whose worker was killed before it could say so. */
    put: (posting: ExpensePosting) => written.push({ externalId: `ER-${written.length + 1}`, posting }),
    /** How often it was asked whether it has a posting. */
    asked: () => asked,
    /** Everything written for a report, in the order of the calls. */
    of: (report: string) => written.filter(({ posting }) => posting.report.id === report),
  };
}

export type FakeErp = ReturnType<typeof createFakeErp>;
