export interface FileRead {
  readonly content: Buffer;
  /** Milliseconds since 1970, by the clock of whoever keeps the file. */
  readonly modifiedAt: number;
}

/** A folder somewhere, with paths below it such as "outgoing/a.csv". */
export interface FileSession {
  /** Null where there is no such file. Never takes more memory than `mostBytes`, whatever size the file is said to have. @throws FileTooLarge */
  read(path: string, mostBytes: number): Promise<FileRead | null>;
  /** Names of the files in a folder, in no order; null where there is no such folder. */
  list(folder: string): Promise<string[] | null>;
  /** Writes under a temporary name, has it flushed to disk, and renames: readers see all of it or nothing. Replaces a file of that name. */
  publish(path: string, content: Buffer): Promise<void>;
}

export interface FileTransport {
  /** Opens the folder for some work. Throws what the file system or the connection says. */
  use<Result>(signal: AbortSignal, work: (session: FileSession) => Promise<Result>): Promise<Result>;
}

export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge';
}

/** The server is not the one whose key is pinned. */
export class OtherHostKey extends Error {
  override readonly name = 'OtherHostKey';
}

/** What a temporary file is called: nobody picks up names with this end. */
export function temporaryName(path: string): string {
  return `${path}.part`;
}
