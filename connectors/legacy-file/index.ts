import type { ConnectorSettings } from '../connector.ts';
import { transportOf } from '../file-exchange/transport-of.ts';
import type { FileTransport } from '../file-exchange/transport.ts';
import type { ErpPort } from '../ports.ts';
import { createExchange } from './exchange.ts';
import { createLaborPort } from './labor.ts';
import { createLookUp } from './look-up.ts';
import { codesOf } from './mapping.ts';
import { legacyFileOptionsSchema } from './options.ts';
import { createRecordPort, type Erp } from './record-port.ts';
import { billingScheduleKind, contractKind, customerKind, expenseKind, projectKind, rateCardKind } from './records.ts';
import { createStatusSetter } from './status.ts';

/** An ERP that takes files and nothing else (docs/legacy-erp.md). @throws Error for an address, options or credentials of the wrong shape */
export function createLegacyFile(settings: ConnectorSettings): ErpPort {
  const options = legacyFileOptionsSchema.parse(settings.options ?? {});
  return legacyFileOver(settings, transportOf(settings, options.hostKey, (settings.limits.timeoutSeconds + options.waitSeconds) * 1000));
}

/** The same over a transport of the caller's. */
export function legacyFileOver(settings: Pick<ConnectorSettings, 'system' | 'options'>, transport: FileTransport): ErpPort {
  const { system } = settings;
  const options = legacyFileOptionsSchema.parse(settings.options ?? {});
  const exchange = createExchange(options, transport);
  const erp: Erp = { system, exchange, lookUp: createLookUp(exchange, (object) => ({ system, object })) };
  const codes = codesOf(options);
  return {
    kind: 'erp',
    system,
    customer: createRecordPort(erp, customerKind(codes)),
    contract: createRecordPort(erp, contractKind(codes)),
    project: createRecordPort(erp, projectKind(codes)),
    rateCard: createRecordPort(erp, rateCardKind(codes)),
    billingSchedule: createRecordPort(erp, billingScheduleKind()),
    labor: createLaborPort(erp, codes),
    expenses: createRecordPort(erp, expenseKind(codes)),
    receivables: { unsupported: 'this ERP takes no invoices by file and tells of no payments: it bills from the labor, expenses and billing schedules it was sent. Finance issues invoices and enters payments in the ERP itself' },
    setProjectStatus: createStatusSetter(erp),
  };
}
