/** What the example firm's ERP has before any file comes: companies, currencies, labor categories, employees. */
export const COMPANIES = [
  ['US01', 'Northwind Consulting Inc.'], ['CA01', 'Northwind Consulting Canada Ltd.'], ['GB01', 'Northwind Consulting UK Limited'], ['DE01', 'Northwind Consulting Deutschland GmbH'],
  ['AU01', 'Northwind Consulting Australia Pty Ltd'], ['SG01', 'Northwind Consulting Singapore Pte. Ltd.'], ['JP01', 'Northwind Consulting Japan K.K.'], ['IN01', 'Northwind Consulting India Private Limited'],
] as const;
export const CURRENCIES = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD', 'KWD', 'BHD'] as const;
export const LABOR_CATEGORIES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST'] as const;
export const EMPLOYEES = [
  'Ingrid Solberg', 'Marcus Whitfield', 'Dana Kowalski', 'Elise Tremblay', 'Oliver Hughes', 'Amara Okonkwo', 'Katrin Vogel', 'Jonas Weber', 'Liam Fraser', 'Mei Tan', 'Haruto Sakamoto', 'Ananya Iyer', 'Vikram Desai',
] as const;

export function emailOf(name: string): string {
  return `${name.toLowerCase().replaceAll(' ', '.')}@northwind-consulting.example`;
}
