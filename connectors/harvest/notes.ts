/** Harvest's projects have one field of notes. Ours are lines that begin with one of these words; what people add stays. */
const CLIENT_MADE = 'Client made by q2c with its first project.';
const ABOUT = 'Deal: ';
const STAFFING = 'Staffing: ';
const RATES = 'Rate to invoice by hand: ';
const NOBODY = 'nobody yet';

export interface Notes {
  /** Our client record goes when its last project goes. */
  readonly clientMade: boolean;
  readonly about: string;
  readonly ratesByHand: readonly string[];
  /** Null until the people were assigned. */
  readonly staffing: { readonly people: readonly string[]; readonly openRoles: readonly string[] } | null;
  readonly others: readonly string[];
}

export const noNotes: Notes = { clientMade: false, about: '', ratesByHand: [], staffing: null, others: [] };

export function readNotes(text: string | null): Notes {
  const lines = (text ?? '').split('\n').filter((line) => line.trim() !== '');
  const after = (word: string) => lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  const [staffing] = after(STAFFING);
  const [people = '', openRoles = ''] = staffing?.split('; open roles: ') ?? [];
  return {
    clientMade: lines.includes(CLIENT_MADE),
    about: after(ABOUT)[0] ?? '',
    ratesByHand: after(RATES),
    staffing: staffing === undefined ? null : { people: people === NOBODY ? [] : people.split(', '), openRoles: openRoles === '' ? [] : openRoles.split(', ') },
    others: lines.filter((line) => line !== CLIENT_MADE && ![ABOUT, RATES, STAFFING].some((word) => line.startsWith(word))),
  };
}

export function writeNotes(notes: Notes): string {
  const { staffing } = notes;
  return [
    ...(notes.about === '' ? [] : [`${ABOUT}${notes.about}`]),
    ...notes.ratesByHand.map((rate) => `${RATES}${rate}`),
    ...(staffing === null ? [] : [`${STAFFING}${staffing.people.length === 0 ? NOBODY : staffing.people.join(', ')}${staffing.openRoles.length === 0 ? '' : `; open roles: ${staffing.openRoles.join(', ')}`}`]),
    ...(notes.clientMade ? [CLIENT_MADE] : []),
    ...notes.others,
  ].join('\n');
}
