import { generateKeyPairSync, sign } from 'node:crypto';

/**
 * A key and a certificate that it signed itself, for a TLS server of a test whose client asks for TLS but not for who signed. Valid for a day.
 * X.509 version 1 in DER (RFC 5280, appendix A), ECDSA with SHA-256 (RFC 5758).
 */
export function selfSigned(commonName = 'localhost'): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(commonName, 'utf8')))));
  const validity = sequence(...[-3_600_000, 86_400_000].map((offset) => der(0x17, Buffer.from(utcTime(new Date(Date.now() + offset))))));
  const content = sequence(der(0x02, Buffer.from([1])), algorithm, name, validity, name, publicKey.export({ type: 'spki', format: 'der' }));
  const certificate = sequence(content, algorithm, der(0x03, Buffer.from([0]), sign('sha256', content, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n') };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** "261121193000Z" */
function utcTime(at: Date): string {
  return `${at.toISOString().replaceAll(/\D/g, '').slice(2, 14)}Z`;
}
