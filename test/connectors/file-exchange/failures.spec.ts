import assert from 'node:assert/strict';
import { fileFailure } from '../../../connectors/file-exchange/failures.ts';
import { FileTooLarge, OtherHostKey } from '../../../connectors/file-exchange/transport.ts';
import { SystemFailure } from '../../../domain/failure.ts';

const counterpart = { code: 'PAYROLL', whose: 'the payroll bureau', folder: 'payroll folder' };
const failureOf = (error: unknown, writing = true) => fileFailure(error, { system: 'payroll', counterpart, object: 'payroll export US01-2', writing }).failure;
const errno = (code: string | number, message = 'no') => Object.assign(new Error(message), { code });

describe('What went wrong with files', () => {
  for (const [what, error, kind, code] of [
    ['a server with another key', new OtherHostKey('the server has the key SHA256:x'), 'configuration', 'PAYROLL_HOST_KEY_CHANGED'],
    ['a file that is too large', new FileTooLarge('a.ack.json has 40000000 bytes'), 'contract', 'PAYROLL_FILE_TOO_LARGE'],
    ['a login that is refused', new Error('All configured authentication methods failed'), 'configuration', 'CREDENTIALS_REFUSED'],
    ['a key of our own that cannot be read', errno('ERR_BAD_AUTH'), 'configuration', 'CREDENTIALS_REFUSED'],
    ['what SFTP forbids', errno(3, 'Permission denied'), 'configuration', 'PAYROLL_FOLDER_REFUSED'],
    ...['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].map((name) => [`what the file system forbids (${name})`, errno(name), 'configuration', 'PAYROLL_FOLDER_REFUSED'] as const),
  ] as const) {
    it(`is ${code} for ${what}, with nothing written`, () => {
      const failure = failureOf(error);
      assert.deepEqual([failure.kind, failure.code, failure.written], [kind, code, 'no']);
      assert.match(failure.message, /payroll export US01-2/);
      assert.ok(failure.mend.length > 0);
    });
  }

  it('leaves a write in doubt where the folder did not answer, and a read for later', () => {
    for (const error of [errno('ECONNRESET'), errno('ENOSPC'), new Error('No response from server'), 'text']) {
      assert.deepEqual([failureOf(error).kind, failureOf(error).code, failureOf(error).written], ['in_doubt', 'PAYROLL_FOLDER_UNAVAILABLE', 'unknown']);
      assert.deepEqual([failureOf(error, false).kind, failureOf(error, false).written], ['transient', 'no']);
    }
  });

  it('begins its codes as the one who exchanges files says, and passes on what is classified already', () => {
    assert.equal(fileFailure(errno('EACCES'), { system: 's', counterpart: { ...counterpart, code: 'LEGACY' }, object: 'o', writing: false }).failure.code, 'LEGACY_FOLDER_REFUSED');
    const failure = new SystemFailure({ kind: 'contract', code: 'X', system: 's', object: 'o', written: 'no', message: 'm', mend: 'n' });
    assert.equal(fileFailure(failure, { system: 's', counterpart, object: 'o', writing: true }), failure);
  });
});
