import { setUpTryton } from '../../scripts/tryton/setup.ts';
import { prepareTrytonForTime } from '../../scripts/tryton/time-setup.ts';
import type { TrytonLogin } from '../../scripts/tryton/rpc.ts';
import { theFirm } from '../builders/firm.ts';
import { openOffice } from '../connectors/tryton/office.ts';
import { startTestTryton } from '../connectors/tryton/server.ts';
import type { ErpDesk } from './matrix-erp.ts';

export interface MatrixTryton {
  readonly login: TrytonLogin;
  readonly desk: ErpDesk;
  close(): Promise<void>;
}

/** A Tryton that really runs, set up for the firm as `npm start -- --erp tryton` does; why not, where none can be had. */
export async function startMatrixTryton(): Promise<MatrixTryton | { readonly skipped: string }> {
  const server = await startTestTryton();
  if ('skipped' in server) return server;
  const { close, forgetSessions: _, ...login } = server;
  try {
    const companies = await setUpTryton(login, (await theFirm(['tryton'])).config);
    const office = await openOffice(login);
    const count = async (model: string, domain: readonly unknown[]) => (await office.rows(model, domain, ['id'], companies['US01'])).length;
    return {
      login,
      desk: {
        async hire(email) {
          await prepareTrytonForTime(login, { people: [{ email, name: 'Dana Kowalski', legalEntity: 'US01' }], projects: [] });
        },
        held: async (clientName) => ({
          customers: await count('party.party', [['name', '=', clientName]]),
          contracts: await count('sale.sale', [['party.name', '=', clientName]]),
          projects: await count('project.work', [['party.name', '=', clientName], ['type', '=', 'project'], ['parent', '=', null]]),
        }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
