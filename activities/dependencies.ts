import type { BillingPort } from '../connectors/billing-port.ts';
import type { HrPort } from '../connectors/hr-port.ts';
import type { PayrollPort } from '../connectors/payroll-port.ts';
import type { CrmPort, ErpPort, Log, ResourcePort, TimePort } from '../connectors/ports.ts';
import type { ServiceDeskPort } from '../connectors/service-desk-port.ts';
import type { WarehousePort } from '../connectors/warehouse-port.ts';
import type { Store } from '../store/database.ts';

/** The systems of the active configuration, by their IDs. Each look-up throws SystemFailure of kind configuration for a system that is not configured. */
export interface Systems {
  crm(id: string): CrmPort;
  erp(id: string): ErpPort;
  time(id: string): TimePort;
  resources(id: string): ResourcePort;
  payroll(id: string): PayrollPort;
  billing(id: string): BillingPort;
  hr(id: string): HrPort;
  warehouse(id: string): WarehousePort;
  serviceDesk(id: string): ServiceDeskPort;
}

export interface ActivityDependencies {
  readonly store: Store;
  readonly systems: Systems;
  readonly log: Log;
  /** The moment at which time is judged: now, but for runs of a sample month. */
  readonly now: () => Date;
  /** Holds a slot of a target system's concurrency limit while `work` runs. */
  readonly withSlot: <Result>(system: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
}
