/** RFC 7644, section 3.12: the error message, with `scimType` for 400 and 409. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, scimType?: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
    this.body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], ...(scimType === undefined ? {} : { scimType }), detail, status: String(status) };
  }
}

export const unauthorized = () => new Refusal(401, 'Authorization failure', undefined, { 'www-authenticate': 'Bearer realm="scim"' });
export const notFound = (id: string) => new Refusal(404, `Resource ${id} not found`);
export const invalidFilter = (detail: string) => new Refusal(400, detail, 'invalidFilter');
export const invalidPath = (detail: string) => new Refusal(400, detail, 'invalidPath');
export const invalidValue = (detail: string) => new Refusal(400, detail, 'invalidValue');
export const invalidSyntax = (detail: string) => new Refusal(400, detail, 'invalidSyntax');
export const notWritable = (name: string) => new Refusal(400, `Attribute ${name} is readOnly`, 'mutability');
export const notUnique = (name: string) => new Refusal(409, `One or more of the attribute values are already in use or are reserved: ${name}`, 'uniqueness');
export const versionChanged = () => new Refusal(412, 'Failed to update. Resource changed on the server');
export const tooMany = (seconds: number) => new Refusal(429, 'Too many requests', undefined, { 'retry-after': String(seconds) });
