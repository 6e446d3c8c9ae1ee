import { createHash } from 'node:crypto';
import type { PayrollAcknowledgement, PayrollPort } from '../../connectors/payroll-port.ts';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';

type Call = 'send' | 'acknowledgement';

export interface Fault {
  readonly kind: Failure['kind'];
  readonly times: number;
  /** The hours are written before the failure is told. */
  readonly after?: boolean;
}

/** A payroll bureau in memory: keeps what it is sent, answers as told, and fails on order. For tests of the process, not of any file. */
export function createFakeBureau(system: string) {
  const taken = new Map<string, PayrollExport>();
  const faults = new Map<Call, Fault>();
  let writes = 0;
  let verdict: (document: PayrollExport) => Pick<PayrollAcknowledgement, 'outcome' | 'rejected' | 'reason'> | null = () => ({ outcome: 'accepted', rejected: [], reason: null });

  const checksumOf = (document: PayrollExport) => createHash('sha256').update(JSON.stringify(document)).digest('hex');

  function failing(call: Call, after: boolean): void {
    const fault = faults.get(call);
    if (fault === undefined || fault.times === 0 || (fault.after ?? false) !== after) return;
    faults.set(call, { ...fault, times: fault.times - 1 });
    throw new SystemFailure({ kind: fault.kind, code: 'BUREAU_FAILED', message: `${call} failed on order.`, mend: 'Order no more failures.', system, object: call, written: fault.kind === 'in_doubt' ? 'unknown' : 'no', retryAfterMs: 20 });
  }

  const port: PayrollPort = {
    kind: 'payroll',
    system,
    async send(document) {
      await Promise.resolve();
      failing('send', false);
      const before = taken.get(document.id);
      if (before !== undefined && checksumOf(before) !== checksumOf(document)) throw new Error(`${document.id} was sent with other hours`);
      if (before === undefined) {
        writes += 1;
        taken.set(document.id, document);
      }
      failing('send', true);
      return { files: [`${document.id}.csv`], checksum: checksumOf(document) };
    },
    async acknowledgement({ exportId, checksum, lines }) {
      await Promise.resolve();
      failing('acknowledgement', false);
      const document = taken.get(exportId);
      const told = document === undefined ? null : verdict(document);
      if (told === null) return null;
      return { exportId, checksum, accepted: told.outcome === 'refused' ? 0 : lines - told.rejected.length, reference: null, ...told };
    },
  };

  return {
    port,
    fail: (call: Call, fault: Fault) => void faults.set(call, fault),
    answer: (next: typeof verdict) => {
      verdict = next;
    },
    taken: (employer: string) => [...taken.values()].filter((document) => document.employer === employer),
    writes: () => writes,
    reset() {
      faults.clear();
      verdict = () => ({ outcome: 'accepted', rejected: [], reason: null });
    },
  };
}
