/** What the example firm's Kantata OX account has before any deal. */
export const CURRENCIES_IN_USE = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD'] as const;

/** One for each labor category. */
export const ROLES = ['Partner', 'Principal', 'Project Manager', 'Senior Consultant', 'Consultant', 'Engineer', 'Analyst'] as const;

/** The first is the administrator whose token the line has. */
export const PEOPLE = [
  'Ingrid Solberg', 'Marcus Whitfield', 'Dana Kowalski', 'Elise Tremblay', 'Oliver Hughes', 'Amara Okonkwo', 'Katrin Vogel', 'Jonas Weber', 'Liam Fraser', 'Mei Tan', 'Haruto Sakamoto', 'Ananya Iyer', 'Vikram Desai',
] as const;

export function emailOf(name: string): string {
  return `${name.toLowerCase().replaceAll(' ', '.')}@northwind-consulting.example`;
}
