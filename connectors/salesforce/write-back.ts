import type { WriteBack } from '../ports.ts';
import { storableText } from '../storable-text.ts';
import type { SalesforceOptions } from './options.ts';

export type Fields = Readonly<Record<string, string | null>>;

export interface DeliveryRecord {
  /** The external ID's value: the project's number. */
  readonly key: string;
  readonly fields: Fields;
}

const TEXT_LENGTH = 255;

/** What is written to the deal, and to the record of each of its projects where the firm has such an object. */
export function writeBackFields(opportunityId: string, status: WriteBack, options: SalesforceOptions): { readonly fields: Fields; readonly records: readonly DeliveryRecord[] } {
  const names = options.opportunity;
  const message = storableText(status.message, TEXT_LENGTH);
  const fields = {
    [names.deliveryStatus]: status.status,
    [names.deliveryMessage]: message,
    [names.deliveryProjects]: storableText(status.projectNumbers.join(', '), TEXT_LENGTH),
    [names.deliveryUpdatedAt]: status.at,
  };
  const own = options.deliveryRecords;
  if (own === null) return { fields, records: [] };
  const record = { [own.opportunity]: opportunityId, [own.status]: status.status, [own.message]: message, [own.updatedAt]: status.at };
  return { fields, records: [...new Set(status.projectNumbers)].map((key) => ({ key, fields: record })) };
}
