// Sends one large export into the folder given. Told a moment and a file, it is killed there, in the middle of its work, as `kill -9` would.
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createPayrollFile } from '../../connectors/payroll-file/index.ts';
import { aPayrollExport } from './builders.ts';

const [folder = '', moment, file = ''] = process.argv.slice(2);
const { open, rename } = files;
const isMeant = (path: unknown) => typeof path === 'string' && path.endsWith(file);
const die = () => process.kill(process.pid, 'SIGKILL');

if (moment === 'half-written') {
  files.open = async (path, ...how) => {
    const handle = await open(path, ...how);
    if (!isMeant(path)) return handle;
    const { writeFile } = handle;
    handle.writeFile = async (content) => {
      if (!Buffer.isBuffer(content)) throw new Error('expected the whole content at once');
      await writeFile.call(handle, content.subarray(0, content.length / 2));
      die();
    };
    return handle;
  };
}
if (moment === 'written' || moment === 'renamed') {
  files.rename = async (from, to) => {
    if (moment === 'written' && isMeant(from)) die();
    await rename(from, to);
    if (moment === 'renamed' && isMeant(to)) die();
  };
}
syncBuiltinESMExports();

const log = { debug() {}, info() {}, warn() {}, error() {} };
const port = createPayrollFile({ system: 'payroll', baseUrl: `file://${folder}`, credentials: undefined, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 30 }, options: {}, log });
const document = aPayrollExport(Array.from({ length: 20_000 }, (_, index) => ({ person: `p${index}@firm.example` })));
const { checksum } = await port.send(document, { signal: new AbortController().signal, heartbeat() {}, log, idempotencyKey: 'test' });
process.stdout.write(`${checksum}\n`);
