import { connectorOptionSchemas } from '../../connectors/options.ts';
import type { Command } from 'commander';
import { configHistory } from '../../store/config-versions.ts';
import { activateFirmConfig } from '../config/activate.ts';
import { formatMistakes, loadFirmConfig } from '../config/load.ts';
import { withSession } from './session.ts';
import { table } from '../status/table.ts';

interface ConfigOptions {
  readonly dir: string;
  readonly overlay: string[];
}

export function configCommands(program: Command): void {
  const config = program.command('config').description("The firm's configuration: check it, put it in force, see its history");
  const withDir = (command: Command) => command.option('--dir <folder>', 'the configuration folder', 'config').option('--overlay <name...>', 'folders under overlays/ to lay over it', []);

  withDir(config.command('check').description('Checks all files and names every mistake')).action(async (options: ConfigOptions) => {
    await withSession(program, async (session) => {
      const loaded = await loadFirmConfig(options.dir, { overlays: options.overlay, optionSchemas: connectorOptionSchemas });
      if (loaded.ok) session.print({ ok: true, hash: loaded.hash }, `The configuration is sound (${loaded.hash.slice(0, 12)}).`);
      else {
        session.print(loaded, formatMistakes(loaded.mistakes));
        process.exitCode = 1;
      }
    });
  });

  withDir(config.command('activate').description('Puts it in force and wakes the processes that wait for a correction').requiredOption('--by <person>')).action(async (options: ConfigOptions & { by: string }) => {
    await withSession(program, async (session) => {
      const loaded = await loadFirmConfig(options.dir, { overlays: options.overlay, optionSchemas: connectorOptionSchemas });
      if (!loaded.ok) {
        session.print(loaded, `Nothing was activated.\n${formatMistakes(loaded.mistakes)}`);
        process.exitCode = 1;
        return;
      }
      const activation = await activateFirmConfig({ store: session.store(), client: await session.client(), config: loaded.config, hash: loaded.hash, files: loaded.files, by: options.by });
      session.print(activation, `${activation.changed ? 'Now in force' : 'Was in force already'}: ${activation.hash.slice(0, 12)}.${activation.woken.length === 0 ? '' : `\nThese look again: ${activation.woken.join(', ')}`}`);
    });
  });

  config.command('history').description('Which configuration was in force when').action(async () => {
    await withSession(program, async (session) => {
      const rows = await configHistory(session.store().db);
      session.print(rows, table(['activated', 'by', 'hash'], rows.map((row) => [row.activatedAt, row.activatedBy, row.hash.slice(0, 12)])));
    });
  });
}
