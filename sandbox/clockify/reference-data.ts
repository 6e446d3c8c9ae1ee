/** What the example firm's Clockify workspace has before any deal. */
export const CURRENCIES = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD'].map((code, index) => [code, `33a687e2${(index + 1).toString(16).padStart(16, '0')}`] as const);

/** The first owns the workspace and the API key. */
export const PEOPLE = [
  ['Ingrid Solberg', 'America/New_York'],
  ['Dana Kowalski', 'America/Chicago'],
  ['Elise Tremblay', 'America/Toronto'],
  ['Oliver Hughes', 'Europe/London'],
  ['Jonas Weber', 'Europe/Berlin'],
  ['Mei Tan', 'Asia/Singapore'],
  ['Haruto Sakamoto', 'Asia/Tokyo'],
  ['Ananya Iyer', 'Asia/Kolkata'],
  ['Liam Fraser', 'Australia/Sydney'],
] as const;

export function emailOf(name: string): string {
  return `${name.toLowerCase().replaceAll(' ', '.')}@northwind-consulting.example`;
}
