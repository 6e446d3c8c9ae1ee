/** The books of a legal entity for one accounting period, whose close comes near. */
export interface BooksRun {
  readonly legalEntity: string;
  readonly accountingPeriod: string;
}

export function booksCloseId({ legalEntity, accountingPeriod }: BooksRun): string {
  return `books/${legalEntity}/${accountingPeriod}`;
}
