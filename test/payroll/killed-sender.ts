// Sends one large export into the folder given, and says when it begins: for a test that kills it.
import { createPayrollFile } from '../../connectors/payroll-file/index.ts';
import { aPayrollExport } from './builders.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const port = createPayrollFile({ system: 'payroll', baseUrl: `file://${process.argv[2] ?? ''}`, credentials: undefined, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 30 }, options: {}, log });
const document = aPayrollExport(Array.from({ length: 20_000 }, (_, index) => ({ person: `p${index}@firm.example` })));
process.stdout.write('sending\n');
const { checksum } = await port.send(document, { signal: new AbortController().signal, heartbeat() {}, log, idempotencyKey: 'test' });
process.stdout.write(`${checksum}\n`);
