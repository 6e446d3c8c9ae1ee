import type { FirmConfig } from '../../config/schema.ts';
import { CUSTOMER_ATTRIBUTES, type CustomerAttribute } from '../../model/customer.ts';

/** Where what a deal says of its customer comes from. */
const DEAL_SOURCES: readonly FirmConfig['ownership'][number]['owner'][] = ['crm', 'configuration'];

/** Attributes of a customer that config/ownership.yaml gives another system of record than the deal's: by their own line, else by that of "*". */
export function ownedElsewhere({ ownership }: Pick<FirmConfig, 'ownership'>): CustomerAttribute[] {
  const owners = new Map(ownership.filter(({ object }) => object === 'customer').map(({ attribute, owner }) => [attribute, owner]));
  return CUSTOMER_ATTRIBUTES.filter((attribute) => {
    const owner = owners.get(attribute) ?? owners.get('*');
    return owner !== undefined && !DEAL_SOURCES.includes(owner);
  });
}
