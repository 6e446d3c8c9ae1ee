/** What the example firm's Harvest account has before any deal: a task for each labor category, expense categories, and its people. */

/** Not default tasks: each project is given the ones it was sold with. */
export const TASKS = ['Partner', 'Principal', 'Project Manager', 'Senior Consultant', 'Consultant', 'Engineer', 'Analyst'] as const;

export const EXPENSE_CATEGORIES = [
  { name: 'Travel', unit_name: null, unit_price: null },
  { name: 'Lodging', unit_name: null, unit_price: null },
  { name: 'Meals', unit_name: null, unit_price: null },
  { name: 'Mileage', unit_name: 'mile', unit_price: 0.67 },
] as const;

interface Person {
  readonly first_name: string;
  readonly last_name: string;
  readonly role: (typeof TASKS)[number];
  readonly timezone: string;
  readonly default_hourly_rate: number;
  readonly cost_rate: number;
  readonly access_roles: readonly string[];
}

function person(first_name: string, last_name: string, role: Person['role'], timezone: string, default_hourly_rate: number, cost_rate: number, ...access_roles: string[]): Person {
  return { first_name, last_name, role, timezone, default_hourly_rate, cost_rate, access_roles: access_roles.length === 0 ? ['member'] : access_roles };
}

/** The first is the administrator whose token the integration uses. Rates are in the company's currency, per hour. */
export const PEOPLE: readonly Person[] = [
  person('Ingrid', 'Solberg', 'Principal', 'Eastern Time (US & Canada)', 340, 170, 'administrator'),
  person('Marcus', 'Whitfield', 'Partner', 'Eastern Time (US & Canada)', 420, 210, 'manager'),
  person('Dana', 'Kowalski', 'Project Manager', 'Central Time (US & Canada)', 230, 110, 'manager'),
  person('Elise', 'Tremblay', 'Senior Consultant', 'Eastern Time (US & Canada)', 215, 105),
  person('Oliver', 'Hughes', 'Senior Consultant', 'London', 220, 108),
  person('Amara', 'Okonkwo', 'Consultant', 'London', 180, 85),
  person('Katrin', 'Vogel', 'Project Manager', 'Berlin', 225, 109, 'manager'),
  person('Jonas', 'Weber', 'Engineer', 'Berlin', 195, 92),
  person('Liam', 'Fraser', 'Engineer', 'Sydney', 190, 90),
  person('Mei', 'Tan', 'Consultant', 'Singapore', 175, 82),
  person('Haruto', 'Sakamoto', 'Analyst', 'Tokyo', 150, 68),
  person('Ananya', 'Iyer', 'Engineer', 'Kolkata', 120, 48),
  person('Vikram', 'Desai', 'Analyst', 'Kolkata', 95, 36),
];

export function emailOf(each: { readonly first_name: string; readonly last_name: string }): string {
  return `${each.first_name}.${each.last_name}@northwind-consulting.example`.toLowerCase();
}
