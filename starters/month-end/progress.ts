/** Where progress is shown: process.stderr, or anything like it. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressSettings {
  /** "Posting" */
  readonly label: string;
  /** What is counted: "entries". */
  readonly unit: string;
  readonly total: number;
  readonly output?: ProgressOutput;
  /** Milliseconds that only ever rise. */
  readonly now?: () => number;
}

export interface Progress {
  /** @param note what else there is to say: "3 rejected" */
  readonly update: (done: number, note?: string) => void;
  /** Ends the bar, with what was done so far; further calls do nothing. */
  readonly finish: (note?: string) => void;
}

const REDRAW_MS = 100;
/** Without a terminal: a line for each so many percent, or after so long a time. */
const STEP_PERCENT = 10;
const SILENCE_MS = 15_000;
const BAR = { most: 30, least: 8 };
const FALLBACK_COLUMNS = 80;

/** A bar that redraws itself on a terminal; plain lines, and few of them, into a file or pipe. */
export function startProgress({ label, unit, total, output = process.stderr, now = () => performance.now() }: ProgressSettings): Progress {
  const started = now();
  const isTerminal = output.isTTY === true;
  let done = 0;
  let note = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  let step = -1;
  let finished = false;

  const facts = () => ({ label, unit, total, done, note, elapsedMs: now() - started });

  function show(): void {
    if (isTerminal) {
      if (now() - shownAt < REDRAW_MS) return;
      output.write(`\r${barLine(facts(), output.columns ?? FALLBACK_COLUMNS)}\u001b[K`);
    } else {
      const reached = Math.floor(percentOf(done, total) / STEP_PERCENT);
      if (reached <= step && now() - shownAt < SILENCE_MS) return;
      step = Math.max(step, reached);
      output.write(`${plainLine(facts())}\n`);
    }
    shownAt = now();
  }

  return {
    update: (newDone, newNote) => {
      if (finished) return;
      done = newDone;
      note = newNote === undefined ? note : printable(newNote);
      show();
    },
    finish: (newNote) => {
      if (finished) return;
      finished = true;
      note = newNote === undefined ? note : printable(newNote);
      output.write(`${isTerminal ? '\r' : ''}${lastLine(facts())}${isTerminal ? '\u001b[K' : ''}\n`);
    },
  };
}

interface Facts {
  readonly label: string;
  readonly unit: string;
  readonly total: number;
  readonly done: number;
  readonly note: string;
  readonly elapsedMs: number;
}

function barLine(facts: Facts, columns: number): string {
  const percent = percentOf(facts.done, facts.total);
  const tail = `${String(Math.floor(percent)).padStart(3)} %  ${counted(facts)}${paceOf(facts)}${noted(facts)}`;
  const width = Math.min(BAR.most, columns - facts.label.length - tail.length - 5);
  const full = Math.round((width * percent) / 100);
  const bar = width < BAR.least ? '' : `[${'█'.repeat(full)}${'░'.repeat(width - full)}] `;
  return cut(`${facts.label} ${bar}${tail}`, columns - 1);
}

function plainLine(facts: Facts): string {
  return `${facts.label}: ${counted(facts)} (${Math.floor(percentOf(facts.done, facts.total))} %)${paceOf(facts)}${noted(facts)}`;
}

function lastLine(facts: Facts): string {
  const { label, done, unit, total, elapsedMs } = facts;
  const of = done === total ? '' : ` of ${grouped(total)}`;
  const rate = elapsedMs > 0 && done > 0 ? `, ${grouped(rateOf(facts))}/s` : '';
  return `${label}: ${grouped(done)}${of} ${unit} in ${duration(elapsedMs)}${rate}${noted(facts)}`;
}

function counted({ done, total, unit }: Facts): string {
  return `${grouped(done)} of ${grouped(total)} ${unit}`;
}

/** How fast, and how long the rest takes at that pace; nothing before there is a pace. */
function paceOf(facts: Facts): string {
  const rate = rateOf(facts);
  if (rate <= 0 || facts.done >= facts.total || facts.elapsedMs < 1_000) return '';
  return `, ${grouped(rate)}/s, ${duration(((facts.total - facts.done) / rate) * 1_000)} left`;
}

function rateOf({ done, elapsedMs }: Facts): number {
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0;
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
}

function noted({ note }: Facts): string {
  return note === '' ? '' : `, ${note}`;
}

function percentOf(done: number, total: number): number {
  return total <= 0 ? 100 : Math.min(100, Math.max(0, (done / total) * 100));
}

/** "2:07", "1:02:07" */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return (parts[0] === 0 ? parts.slice(1) : parts).map((part, position) => (position === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function grouped(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

/** One line without control characters, which would move the cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

function cut(line: string, columns: number): string {
  const characters = Array.from(line);
  return characters.length <= columns ? line : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
