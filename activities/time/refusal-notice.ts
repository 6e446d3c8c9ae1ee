import type { SubmitterNotice } from '../../store/submitter-notices.ts';

interface Refused {
  readonly kind: 'timesheet' | 'expense';
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  /** In words for whoever submitted it. */
  readonly reason: string;
}

const NAMES = { timesheet: 'timesheet', expense: 'expense report' } as const;

/** To whoever submitted what was refused, where the system they submitted it in cannot be told. */
export function refusalNotice({ kind, system, id, version, person, reason }: Refused): SubmitterNotice {
  return {
    document: `${kind}/${system}/${id}/${version}`,
    submitter: person,
    message: `Your ${NAMES[kind]} ${id} in ${system} (version ${version}) was refused, as a whole or in part, and that is not paid or invoiced yet:\n${reason}\nCorrect it in ${system} and submit it again; where ${system} has locked it, ask whoever approved it to withdraw the approval first.`,
  };
}
