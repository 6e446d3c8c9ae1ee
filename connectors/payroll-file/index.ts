import { SystemFailure } from '../../domain/failure.ts';
import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fileFailure } from '../file-exchange/failures.ts';
import { transportOf } from '../file-exchange/transport-of.ts';
import type { FileRead, FileSession } from '../file-exchange/transport.ts';
import type { PayrollPort, SentReference } from '../payroll-port.ts';
import { AcknowledgementRefused, readAcknowledgement } from './acknowledgement.ts';
import { hoursCsv } from './hours-csv.ts';
import { checksumOf, fileNames, manifestOf, manifestSchema } from './manifest.ts';
import { payrollFileOptionsSchema } from './options.ts';

/** A manifest or an acknowledgement that rejects every line of a large export has a few megabytes. */
const MOST_BYTES = 16 * 1024 * 1024;
const COUNTERPART = { code: 'PAYROLL', whose: 'the payroll bureau', folder: 'payroll folder' };

/** A payroll bureau that takes files from a folder or an SFTP server. @throws Error for an address, options or credentials of the wrong shape */
export function createPayrollFile(settings: ConnectorSettings): PayrollPort {
  const { system } = settings;
  const options = payrollFileOptionsSchema.parse(settings.options ?? {});
  const { folders } = options;
  const transport = transportOf(settings, options.hostKey);

  async function use<Result>(signal: AbortSignal, object: string, work: (session: FileSession, writing: () => void) => Promise<Result>): Promise<Result> {
    let writing = false;
    try {
      return await transport.use(signal, (session) => work(session, () => {
        writing = true;
      }));
    } catch (error) {
      throw fileFailure(error, { system, counterpart: COUNTERPART, object, writing });
    }
  }

  /** The manifest that is there for an export; the bureau may have put it aside already. */
  async function offered(session: FileSession, name: string, exportId: string): Promise<string | null> {
    for (const folder of [folders.outgoing, folders.processed]) {
      const found = await session.read(`${folder}/${name}`, MOST_BYTES);
      if (found === null) continue;
      const manifest = manifestSchema.safeParse(jsonOrUndefined(found.content));
      if (manifest.success && manifest.data.exportId === exportId) return manifest.data.file.sha256;
      throw new SystemFailure({ kind: 'contract', code: 'PAYROLL_MANIFEST_UNREADABLE', message: `${folder}/${name} is there, but is no manifest of ${exportId}.`, mend: 'Find out who wrote it. Remove it once the bureau says that it has not taken the hours, then retry.', system, object: `payroll export ${exportId}`, written: 'no', evidence: evidenceOf(found.content) });
    }
    return null;
  }

  async function send(document: PayrollExport, signal: AbortSignal): Promise<{ readonly files: readonly string[]; readonly checksum: string }> {
    const names = fileNames(document.id);
    const hours = hoursCsv(document);
    const manifest = manifestOf(document, hours);
    const checksum = manifest.file.sha256;
    return await use(signal, `payroll export ${document.id}`, async (session, writing) => {
      const before = await offered(session, names.manifest, document.id);
      if (before !== null && before !== checksum) {
        throw new SystemFailure({ kind: 'contract', code: 'PAYROLL_EXPORT_CHANGED', message: `The bureau was offered other hours as ${document.id} (checksum ${before}) than the store has (${checksum}).`, mend: 'Nothing was written. Find out which of the two the bureau took; the store keeps every export as it was taken.', system, object: `payroll export ${document.id}`, written: 'no' });
      }
      const files = [names.hours, names.manifest];
      if (before === checksum) return { files, checksum };
      writing();
      await session.publish(`${folders.outgoing}/${names.hours}`, hours);
      await session.publish(`${folders.outgoing}/${names.manifest}`, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8'));
      return { files, checksum };
    });
  }

  /** A copy of what was not understood stays in the quarantine folder; the bureau replaces the file itself. */
  async function refuse(session: FileSession, name: string, found: FileRead, refusal: AcknowledgementRefused, sent: SentReference): Promise<never> {
    const kept = `${folders.quarantine}/${name}.${checksumOf(found.content).slice(0, 12)}`;
    if ((await session.read(kept, MOST_BYTES)) === null) await session.publish(kept, found.content);
    throw new SystemFailure({
      kind: 'contract',
      code: refusal.code,
      message: `The bureau's acknowledgement ${name} was not taken: ${refusal.message}.`,
      mend: `Ask the payroll bureau to write it anew; it is read by itself then. What it wrote is kept as ${kept}.`,
      system,
      object: `payroll export ${sent.exportId}`,
      written: 'no',
      evidence: evidenceOf(found.content),
    });
  }

  return {
    kind: 'payroll',
    system,
    send: (document, { signal }) => send(document, signal),

    async acknowledgement(sent, { signal }) {
      return await use(signal, `acknowledgement of payroll export ${sent.exportId}`, async (session) => {
        for (const name of fileNames(sent.exportId).acknowledgements) {
          const found = await session.read(`${folders.incoming}/${name}`, MOST_BYTES);
          if (found === null) continue;
          try {
            return readAcknowledgement(found.content, name.endsWith('.json') ? 'json' : 'csv', sent);
          } catch (error) {
            if (!(error instanceof AcknowledgementRefused)) throw error;
            const stillWritten = error.code === 'PAYROLL_ACK_UNREADABLE' && Math.abs(Date.now() - found.modifiedAt) < options.settleSeconds * 1000;
            if (stillWritten) return null;
            return await refuse(session, name, found, error, sent);
          }
        }
        return null;
      });
    },
  };
}

function evidenceOf(content: Buffer): string {
  return content.subarray(0, 2000).toString('utf8').toWellFormed();
}

function jsonOrUndefined(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}
