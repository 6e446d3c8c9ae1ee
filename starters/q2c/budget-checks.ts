import type { Check } from './store-health.ts';

const RATE = /^q2c_system_requests_per_second\{limit="([^"]+)",of="(configured|now)"\} ([\d.e+-]+)$/gm;
const VENDOR = /^q2c_system_vendor_requests\{limit="([^"]+)",window="([^"]+)",of="(limit|remaining)"\} ([\d.e+-]+)$/gm;
const SLOTS = /^q2c_system_slots_allowed\{system="([^"]+)",of="(configured|now)"\} (\d+)$/gm;

/** The budget in effect of each system a worker calls: as configured, as allowed now, and what the vendor says is left. @param metrics of a worker, in Prometheus' text format */
export function budgetChecks(metrics: string): Check[] {
  const rates = valuesOf(metrics, RATE, (of, value) => `${shown(value)} ${of}`);
  const slots = valuesOf(metrics, SLOTS, (of, value) => `${shown(value)} ${of}`);
  const windows = windowsOf(metrics);
  const limits = [...new Set([...rates.keys(), ...slots.keys(), ...windows.keys()])].toSorted();
  return limits.map((limit) => ({
    what: `budget of ${limit}`,
    ok: true,
    detail: [
      ...[slots.get(limit)].flatMap((found) => (found === undefined ? [] : [`calls at once: ${found.join(', ')}`])),
      ...[rates.get(limit)].flatMap((found) => (found === undefined ? [] : [`requests per second: ${found.join(', ')}`])),
      ...(windows.get(limit) ?? []),
    ].join('; '),
  }));
}

function valuesOf(metrics: string, pattern: RegExp, inWords: (of: string, value: number) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [, name = '', of = '', value] of metrics.matchAll(pattern)) found.set(name, [...(found.get(name) ?? []), inWords(of, Number(value))]);
  return found;
}

function windowsOf(metrics: string): Map<string, string[]> {
  const told = new Map<string, { readonly name: string; readonly window: string; limit: number; remaining: number }>();
  for (const [, name = '', window = '', of, value] of metrics.matchAll(VENDOR)) {
    const key = `${name} ${window}`;
    const known = told.get(key) ?? { name, window, limit: 0, remaining: 0 };
    told.set(key, of === 'limit' ? { ...known, limit: Number(value) } : { ...known, remaining: Number(value) });
  }
  const found = new Map<string, string[]>();
  for (const { name, window, limit, remaining } of told.values()) found.set(name, [...(found.get(name) ?? []), `${shown(remaining)} of ${shown(limit)} requests left by the vendor's count (${window})`]);
  return found;
}

function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}
