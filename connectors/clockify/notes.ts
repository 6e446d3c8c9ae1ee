/** Projects have one note. Ours are lines that begin with one of these words; what people add stays. */
const UNFINISHED = 'q2c is setting this project up.';
const ABOUT = 'Deal: ';
const PLAN = 'Planned: ';
const RATES = 'Rate to invoice by hand: ';

/** On the note of a client: it was made with its first project and goes with its last. */
export const CLIENT_MADE = 'Client made by q2c with its first project.';

export interface Notes {
  /** The project was made, but not everything that belongs to it. */
  readonly unfinished: boolean;
  readonly about: string;
  readonly plan: string;
  readonly ratesByHand: readonly string[];
  readonly others: readonly string[];
}

export const noNotes: Notes = { unfinished: false, about: '', plan: '', ratesByHand: [], others: [] };

export function readNotes(text: string | null): Notes {
  const lines = (text ?? '').split('\n').filter((line) => line.trim() !== '');
  const after = (word: string) => lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  return {
    unfinished: lines.includes(UNFINISHED),
    about: after(ABOUT)[0] ?? '',
    plan: after(PLAN)[0] ?? '',
    ratesByHand: after(RATES),
    others: lines.filter((line) => line !== UNFINISHED && ![ABOUT, PLAN, RATES].some((word) => line.startsWith(word))),
  };
}

export function writeNotes(notes: Notes): string {
  const line = (word: string, text: string) => (text === '' ? [] : [`${word}${text}`]);
  return [...(notes.unfinished ? [UNFINISHED] : []), ...line(ABOUT, notes.about), ...line(PLAN, notes.plan), ...notes.ratesByHand.map((rate) => `${RATES}${rate}`), ...notes.others].join('\n');
}
