import type { WriteBack } from '../ports.ts';
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
  const message = cut(status.message);
  const fields = {
    [names.deliveryStatus]: status.status,
    [names.deliveryMessage]: message,
    [names.deliveryProjects]: cut(status.projectNumbers.join(', ')),
    [names.deliveryUpdatedAt]: status.at,
  };
  const own = options.deliveryRecords;
  if (own === null) return { fields, records: [] };
  const record = { [own.opportunity]: opportunityId, [own.status]: status.status, [own.message]: message, [own.updatedAt]: status.at };
  return { fields, records: [...new Set(status.projectNumbers)].map((key) => ({ key, fields: record })) };
}

/** Salesforce counts UTF-16 code units; a pair is never cut in two. */
function cut(text: string): string {
  if (text.length <= TEXT_LENGTH) return text;
  const end = text.codePointAt(TEXT_LENGTH - 1) ?? 0;
  return text.slice(0, end > 0xffff ? TEXT_LENGTH - 1 : TEXT_LENGTH);
}
