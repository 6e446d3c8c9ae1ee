import type { Instant, LocalDate } from '../domain/dates.ts';
import type { CallContext, Unsupported } from './ports.ts';

/** A person as HR has them; what it does not say is null, never guessed. */
export interface Employee {
  /** HR's own ID. */
  readonly externalId: string;
  readonly employeeNumber: string | null;
  readonly email: string;
  readonly name: string;
  readonly active: boolean;
  /** Codes of the configuration, as HR carries them. */
  readonly legalEntity: string | null;
  readonly costCenter: string | null;
  readonly laborCategory: string | null;
  readonly managerExternalId: string | null;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
  readonly changedAt: Instant;
}

/** One that HR has and that is no employee we can read: told, not skipped. */
export interface UnreadableEmployee {
  readonly externalId: string;
  readonly reason: string;
  readonly mend: string;
}

export type ChangedEmployee = { readonly employee: Employee } | { readonly unreadable: UnreadableEmployee };

/** People from the HR system. All throw SystemFailure only. */
export interface HrPort {
  readonly kind: 'hr';
  readonly system: string;
  /** Those that changed at or after `since`; all of them with null. Each person once. */
  employees(since: Instant | null, context: CallContext): AsyncIterable<ChangedEmployee>;
  load(externalId: string, context: CallContext): Promise<Employee | null>;
  findByEmail(email: string, context: CallContext): Promise<Employee | null>;
  /** Writes the e-mail address or cost center that another system owns back to HR. Idempotent. */
  readonly update: ((externalId: string, change: { readonly email?: string; readonly costCenter?: string; readonly active?: boolean }, context: CallContext) => Promise<void>) | Unsupported;
}
