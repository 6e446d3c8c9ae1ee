import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTemporalConfig, parseTemporalConfig, TemporalConfigError, toArguments } from '../../scripts/temporal-server/config.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'temporal-dev.yaml'), 'utf8');

function mistakesOf(yaml: string): readonly string[] {
  try {
    parseTemporalConfig(yaml);
  } catch (error) {
    assert.ok(error instanceof TemporalConfigError);
    return error.mistakes;
  }
  return [];
}

describe('the configuration of the local Temporal server', () => {
  it('has priorities and fairness on and keeps its database in the data folder with a write-ahead log', () => {
    const args = toArguments(loadTemporalConfig(), '/data').join(' ');
    assert.match(args, /--db-filename \/data\/temporal\.sqlite/);
    assert.match(args, /--sqlite-pragma journal_mode=wal/);
    assert.match(args, /matching\.enableFairness=true/);
    assert.match(args, /matching\.useNewMatcher=true/);
    assert.match(args, /--search-attribute LegalEntity=Keyword/);
  });

  it('runs without web pages for tests', () => {
    const args = toArguments(loadTemporalConfig(), '/data', { headless: true });
    assert.ok(args.includes('--headless'));
    assert.ok(!args.includes('--ui-port'));
  });

  it('is told all its mistakes at once, each with line, path and what was expected', () => {
    const mistakes = mistakesOf(text.replace('cliVersion: 1.5.1', 'cliVersion: newest').replace('ui: 8233', 'ui: 82330').replace('Deal: Keyword ', 'Deal: Keywrd ').replace('logLevel: error', 'logLevel: loud'));
    assert.equal(mistakes.length, 4);
    assert.match(mistakes[0] ?? '', /^temporal-dev\.yaml:7: cliVersion: expected a version such as 1\.5\.1$/);
    assert.match(mistakes[1] ?? '', /: ports\.ui: .*65535/);
    assert.match(mistakes[2] ?? '', /: searchAttributes\.Deal: expected one of "Keyword"/);
    assert.match(mistakes[3] ?? '', /: logLevel: expected one of "debug"/);
  });

  it('refuses keys it does not know', () => {
    assert.deepEqual(
      mistakesOf(`${text}\nspeed: high\n`).map((line) => line.replace(/:\d+:/, ':')),
      ['temporal-dev.yaml: speed: this key is not known; remove it or correct its spelling'],
    );
  });

  it('refuses an eleventh Keyword search attribute before the server would', () => {
    const [mistake = ''] = mistakesOf(text.replace('  Projects: KeywordList', '  Extra: Keyword\n  More: Keyword\n  Projects: KeywordList'));
    assert.match(mistake, /searchAttributes: expected at most 10 of type Keyword, but there are 11: Process, /);
  });

  it('names the line of a mistake in the YAML itself', () => {
    assert.match(mistakesOf('ip: [127.0.0.1\nports: 3\n')[0] ?? '', /^temporal-dev\.yaml:\d+: /);
  });
});
