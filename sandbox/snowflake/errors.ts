/**
 * Refusals of the SQL API. Statement errors are 422 with `{code, message, sqlState, statementHandle}`; codes and texts as users of Snowflake report
 * them, https://docs.snowflake.com/en/developer-guide/sql-api/reference for the shapes. Bodies of 400, 405, 415 and 429 are (unverified).
 */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(body));
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A statement that ended in an error; nothing of it was kept. */
export class SqlError extends Error {
  readonly code: string;
  readonly sqlState: string;
  constructor(code: string, sqlState: string, message: string) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.sqlState = sqlState;
  }
}

export const syntaxError = (position: number, unexpected: string): SqlError => new SqlError('001003', '42000', `SQL compilation error:\nsyntax error line 1 at position ${position} unexpected '${unexpected}'.`);
export const noObject = (kind: string, name: string): SqlError => new SqlError('002003', '42S02', `SQL compilation error:\n${kind} '${name}' does not exist or not authorized.`);
export const invalidIdentifier = (name: string): SqlError => new SqlError('000904', '42000', `SQL compilation error: error line 1 at position 0\ninvalid identifier '${name}'`);
export const notRecognized = (code: string, sqlState: string, what: string, value: string): SqlError => new SqlError(code, sqlState, `${what} '${value}' is not recognized`);
export const nullNotAllowed = (): SqlError => new SqlError('100072', '22000', 'NULL result in a non-nullable column');
export const duplicateRow = (row: string): SqlError => new SqlError('100090', '42P18', `Duplicate row detected during DML action\nRow Values: [${row}]`);

export const badRequest = (message: string): Refusal => new Refusal(400, { code: '390400', message });
export const tooMany = (): Refusal => new Refusal(429, { message: 'Too many requests. Slow down the frequency of hitting the API endpoints.' });
export const unauthorized = (code: string, message: string): Refusal => new Refusal(401, { code, message });
