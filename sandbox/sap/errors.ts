/**
 * Error bodies of SAP Gateway: `{"error":{"code","message":{"lang","value"},"innererror":{application, transactionid, timestamp, errordetails[]}}}`.
 * Bodies of real systems: https://github.com/SAP-archive/cloud-s4-sdk-examples/issues/73, SAP notes 2962502 and 3743470. Codes of single messages are
 * (unverified) unless a note names them.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object | string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Code of the framework's own messages. */
const FRAMEWORK = '005056A509B11EE1B9A8FEC11C21578E';

export function errorBody(code: string, message: string, details: readonly string[] = [message]): object {
  return {
    error: {
      code,
      message: { lang: 'en', value: message },
      innererror: {
        application: { component_id: '', service_namespace: '/SAP/', service_id: '', service_version: '0001' },
        transactionid: '3F2504E04F8911D39A0C0305E82C3301',
        errordetails: [
          ...details.map((each) => ({ ContentID: '', code, message: each, propertyref: '', severity: 'error', transition: false, target: '' })),
          { ContentID: '', code: '/IWBEP/CX_MGW_BUSI_EXCEPTION', message: 'An exception was raised', propertyref: '', severity: 'error', transition: false, target: '' },
        ],
      },
    },
  };
}

/** What an application's rules refuse. */
export const refused = (code: string, message: string, details?: readonly string[]): Refusal => new Refusal(400, errorBody(code, message, details));
/** What the framework does not understand. */
export const malformed = (message: string): Refusal => new Refusal(400, errorBody(FRAMEWORK, message));
export const noSuchSegment = (segment: string): Refusal => new Refusal(404, errorBody(FRAMEWORK, `Resource not found for the segment '${segment}'`));
export const noSuchRecord = (type: string): Refusal => new Refusal(404, errorBody('/IWBEP/CM_MGW_RT/020', `Resource not found for segment '${type}'`));
export const noSuchService = (name: string, version: string): Refusal => new Refusal(403, errorBody('/IWFND/MED/170', `No service found for namespace '/SAP/', name '${name}', version '${version}'`));
export const notAllowed = (what: string): Refusal => new Refusal(405, errorBody('/IWBEP/CM_MGW_RT/096', `${what} is not supported`));
export const versionDiffers = (): Refusal => new Refusal(412, errorBody('/IWBEP/CM_MGW_RT/022', 'Precondition failed: the record was changed in the meantime'));
/** SAP note 2962502. */
export const versionMissing = (entity: string): Refusal => new Refusal(428, errorBody('SADL_ENTITY_RUNTIME/006', `Precondition required for action in entity ${entity} (If-Match missing)`));
/** SAP note 2962502: a version instead of "*" ends in a runtime error. */
export const assertionFailed = (): Refusal => new Refusal(500, errorBody('SY/530', "Runtime Error: 'ASSERTION_FAILED'"));
export const sessionRefused = (): Refusal => new Refusal(403, 'CSRF token validation failed', { 'x-csrf-token': 'Required', 'content-type': 'text/plain;charset=utf-8' });
export const logonFailed = (): Refusal => new Refusal(401, '<html><head><title>Logon failed</title></head><body>Logon failed</body></html>', { 'www-authenticate': 'Basic realm="SAP NetWeaver Application Server [Q2C/100]"', 'content-type': 'text/html;charset=utf-8' });
