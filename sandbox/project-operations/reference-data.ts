/** What a Project Operations environment of the example firm has been set up with. */
const UNITS: readonly (readonly [name: string, hours: number])[] = [['Hour', 1], ['Day', 8]];
const CURRENCIES: readonly (readonly [code: string, decimals: number])[] = [['USD', 2], ['EUR', 2], ['GBP', 2], ['CAD', 2], ['AUD', 2], ['SGD', 2], ['INR', 2], ['CHF', 2], ['JPY', 0], ['KWD', 3], ['BHD', 3]];
const UNITS_OF_THE_FIRM = ['Northwind US', 'Northwind Canada', 'Northwind UK', 'Northwind Germany', 'Northwind Australia', 'Northwind Singapore', 'Northwind Japan', 'Northwind India'];
const ROLES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ANALYST', 'ARCHITECT', 'ENGINEER', 'SENIOR_ENGINEER', 'DESIGNER'];

/** Made from numbers, so that it is the same in every environment. */
const id = (kind: number, number: number): string => `0a000000-0000-4000-8000-${String(kind).padStart(4, '0')}${String(number).padStart(8, '0')}`;
const TIME = id(1, 1);

export const REFERENCE_RECORDS: readonly (readonly [set: string, record: Readonly<Record<string, unknown>>])[] = [
  ['uomschedules', { uomscheduleid: TIME, name: 'Time' }],
  ...UNITS.map(([name, quantity], index) => ['uoms', { uomid: id(2, index), name, quantity, 'uomscheduleid@odata.bind': `/uomschedules(${TIME})` }] as const),
  ...CURRENCIES.map(([isocurrencycode, currencyprecision], index) => ['transactioncurrencies', { transactioncurrencyid: id(3, index), isocurrencycode, currencyname: isocurrencycode, currencyprecision }] as const),
  ...UNITS_OF_THE_FIRM.map((msdyn_name, index) => ['msdyn_organizationalunits', { msdyn_organizationalunitid: id(4, index), msdyn_name }] as const),
  ...ROLES.map((name, index) => ['bookableresourcecategories', { bookableresourcecategoryid: id(5, index), name }] as const),
];
