/** Workflows, and the activities that touch nothing but the store. */
export const LINE_QUEUE = 'line';

/** One target system's activities have a queue of their own, so that one slow system holds up nobody else and its rate is limited in one place. */
export function targetQueue(system: string): string {
  return `target.${system}`;
}

/** The system whose queue it is; null for the line's own. */
export function systemOfQueue(queue: string): string | null {
  return queue.startsWith('target.') ? queue.slice('target.'.length) : null;
}
