import { CORE, ENTERPRISE, FIRM } from './schemas.ts';

/** The example firm's people as HR keeps them; its own extension says whose they are. */
export const PEOPLE = [
  ['E1001', 'Ingrid', 'Solberg', 'US01', 'US01-STRA', 'PARTNER', '2015-03-01'],
  ['E1002', 'Dana', 'Kowalski', 'US01', 'US01-TECH', 'PROJECT_MANAGER', '2018-09-01'],
  ['E1003', 'Elise', 'Tremblay', 'CA01', 'CA01-TECH', 'SENIOR_CONSULTANT', '2020-01-06'],
  ['E1004', 'Oliver', 'Hughes', 'GB01', 'GB01-TECH', 'SENIOR_CONSULTANT', '2019-06-03'],
  ['E1005', 'Jonas', 'Weber', 'DE01', 'DE01-TECH', 'CONSULTANT', '2022-10-01'],
  ['E1006', 'Mei', 'Tan', 'SG01', 'SG01-DATA', 'ENGINEER', '2023-02-13'],
].map(([employeeNumber = '', givenName = '', familyName = '', legalEntity = '', costCenter = '', laborCategory = '', hiredOn = '']) => {
  const address = `${givenName}.${familyName}@northwind-consulting.example`.toLowerCase();
  return {
    schemas: [CORE, ENTERPRISE, FIRM],
    userName: address,
    externalId: employeeNumber,
    name: { givenName, familyName, formatted: `${givenName} ${familyName}` },
    displayName: `${givenName} ${familyName}`,
    active: true,
    emails: [{ value: address, type: 'work', primary: true }],
    [ENTERPRISE]: { employeeNumber, costCenter },
    [FIRM]: { legalEntity, laborCategory, hiredOn },
  };
});
