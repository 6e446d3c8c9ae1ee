/** Clockify's projects have no code: ours are named "<number> · <name>", so that entries tell the number without another request. */
const SEPARATOR = ' · ';
const LONGEST_NAME = 250;

export function projectName(number: string, name: string): string {
  return cut(`${number}${SEPARATOR}${name}`, LONGEST_NAME);
}

/** Cuts a text to what a field takes, between characters, and says so. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The project number a name begins with; the whole name where it is none of ours. */
export function projectNumberIn(name: string): string {
  const [number = ''] = name.split(SEPARATOR, 1);
  return number !== name && /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(number) ? number : name;
}

export function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

/** The task a labor category is booked on: "Senior Consultant" for SENIOR_CONSULTANT, unless another is named. */
export function taskName(laborCategory: string, named: Readonly<Record<string, string>>): string {
  const words = laborCategory.toLowerCase().split('_').filter((word) => word !== '');
  return named[laborCategory] ?? words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join(' ');
}

/** The way back of `taskName`; null where the name cannot be a category's. */
export function laborCategoryOf(task: string, named: Readonly<Record<string, string>>): string | null {
  const known = Object.entries(named).find(([, name]) => folded(name) === folded(task));
  if (known !== undefined) return known[0];
  const category = folded(task).toUpperCase().replaceAll(' ', '_');
  return /^[A-Z0-9][A-Z0-9_-]{0,39}$/.test(category) ? category : null;
}
