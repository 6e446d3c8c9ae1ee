import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { CONFIG_DIR, theFirm } from '../builders/firm.ts';

const ROOT = join(CONFIG_DIR, '..');

interface RuleCode {
  readonly code: string;
  readonly mayPass: boolean;
}

async function codesOfRules(): Promise<RuleCode[]> {
  const folder = join(ROOT, 'domain', 'rules', 'closed-won', 'rules');
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/(mustChange|mayPass|notConfigured)\('([A-Z_]+)'|(mustChange|mayPass|notConfigured)\(\s+'([A-Z_]+)'/g)].map((match) => ({ code: match[2] ?? match[4] ?? '', mayPass: (match[1] ?? match[3]) === 'mayPass' })));
}

describe('Every finding that a rule can make', () => {
  it('is explained in docs/configuration.md, and nothing else is', async () => {
    const documented = [...(await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8')).split('## Findings')[1]?.matchAll(/^\| (`.*?) \|/gm) ?? []].flatMap((row) => [...(row[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? ''));
    assert.deepEqual(documented.toSorted(), [...new Set((await codesOfRules()).map(({ code }) => code))].toSorted());
  });

  it('has a policy of its own kind, which permits an override wherever the rule does', async () => {
    const { config } = await theFirm();
    const codes = await codesOfRules();
    const passable = new Set(codes.filter(({ mayPass }) => mayPass).map(({ code }) => code));
    assert.ok(passable.size > 10);
    for (const { code } of codes) {
      const policy = policyFor(code, config);
      assert.notEqual(policy.code, '*', `${code} has no policy`);
      if (passable.has(code)) assert.ok(policy.actions.includes('override'), `${policy.code} does not permit the override of ${code}`);
    }
  });
});
