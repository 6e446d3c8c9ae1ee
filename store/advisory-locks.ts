/** What only one transaction or session at a time does in the store, each under a number of its own. */
export const ADVISORY_LOCKS = {
  migration: '7113200300417',
  auditSealing: '7113200300418',
  answerNumbering: '7113200300419',
  changeNumbering: '7113200300420',
} as const;
