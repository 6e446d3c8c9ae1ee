import type { Employee, HrPort } from '../../connectors/hr-port.ts';
import type { CallContext } from '../../connectors/ports.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import type { NotTaken } from './contract.ts';

/** Time is known by the address: of two people who work here with one, neither's can be judged. */
export function sharedAddress(employee: Employee, other: Employee): NotTaken {
  const { externalId, email } = employee;
  return { externalId, findings: [{ code: 'PERSON_ADDRESS_SHARED', message: `HR has two people with the address ${email}: ${inWords(employee)} and ${inWords(other)}.`, mend: 'Correct the address of one of them in HR: time is known by it.' }] };
}

/**
 * Whether somebody else has an address that HR tells of: those who did not change are not told, so HR is asked. Who left, was deleted or was given another address has
 * passed it on.
 * @param standsFor - HR's ID of the record that the address stood for at the last sync; undefined where that is not known
 * @throws SystemFailure
 */
export async function heldByAnother(port: HrPort, told: Employee, standsFor: string | undefined, context: CallContext): Promise<NotTaken | null> {
  if (standsFor === told.externalId) return null;
  if (standsFor === undefined) {
    const found = await byAddress(port, told, context);
    return 'notTaken' in found ? found.notTaken : null;
  }
  const other = await port.load(standsFor, context);
  return other?.active === true && other.email === told.email ? sharedAddress(told, other) : null;
}

/** The active record with this address, where HR has one beside the inactive one it tells of. */
export async function employmentInForce(port: HrPort, inactive: Employee, context: CallContext): Promise<{ readonly employee: Employee } | { readonly notTaken: NotTaken }> {
  const found = await byAddress(port, inactive, context);
  if ('notTaken' in found) return found;
  return { employee: found.employee?.active === true && found.employee.email === inactive.email ? found.employee : inactive };
}

async function byAddress(port: HrPort, { externalId, email }: Employee, context: CallContext): Promise<{ readonly employee: Employee | null } | { readonly notTaken: NotTaken }> {
  try {
    return { employee: await port.findByEmail(email, context) };
  } catch (error) {
    if (!isSystemFailure(error) || error.failure.kind !== 'business_rule') throw error;
    const { code, message, mend } = error.failure;
    return { notTaken: { externalId, findings: [{ code, message, mend }] } };
  }
}

function inWords({ name, externalId }: Employee): string {
  return `${name} (${externalId})`;
}
