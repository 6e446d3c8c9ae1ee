const SEPARATOR = ' · ';
const LONGEST_TITLE = 255;

/** For people, who find a project by its number; the line itself goes by the external reference. */
export function titleOf(number: string, name: string): string {
  return cut(`${number}${SEPARATOR}${name}`, LONGEST_TITLE);
}

export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

export function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

/** The role a labor category is booked in: "Senior Consultant" for SENIOR_CONSULTANT, unless another is named. */
export function roleName(laborCategory: string, named: Readonly<Record<string, string>>): string {
  const words = laborCategory.toLowerCase().split('_').filter((word) => word !== '');
  return named[laborCategory] ?? words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join(' ');
}

/** The way back of `roleName`; null where the name cannot be a category's. */
export function laborCategoryOf(role: string, named: Readonly<Record<string, string>>): string | null {
  const known = Object.entries(named).find(([, name]) => folded(name) === folded(role));
  if (known !== undefined) return known[0];
  const category = folded(role).toUpperCase().replaceAll(' ', '_');
  return /^[A-Z0-9][A-Z0-9_-]{0,39}$/.test(category) ? category : null;
}
