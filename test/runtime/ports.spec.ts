import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { busyPorts, freePort, portOffset, portsFor } from '../../scripts/ports.ts';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';

describe('ports', () => {
  const config = loadTemporalConfig();

  it('are those of the documentation unless told', () => {
    const documented = { temporal: 7233, ui: 8233, temporalMetrics: 9233, store: 5433, gateway: 8080, console: 8090, salesforce: 9101, hubspot: 9102, netsuite: 9103, harvest: 9104, tryton: 9105, clockify: 9106, payroll: 9107, dynamics: 9108, workerMetrics: 9464 };
    const ports = portsFor(config);
    assert.deepEqual({ ...ports, ...documented }, ports);
    assert.equal(new Set(Object.values(ports)).size, Object.keys(ports).length, 'no two share a port');
  });

  it('all move by the same offset, and none meets another of the first installation at the offset that a message suggests', () => {
    const first = portsFor(config);
    const second = portsFor(config, 100);
    for (const [name, port] of Object.entries(second)) assert.equal(port - 100, Object.entries(first).find(([other]) => other === name)?.[1], name);
    const taken = new Set(Object.values(first));
    assert.deepEqual(Object.values(second).filter((port) => taken.has(port)), []);
  });

  it('take the offset from the option before the environment, and refuse nonsense', () => {
    assert.equal(portOffset('7', { Q2C_PORT_OFFSET: '100' }), 7);
    assert.equal(portOffset(undefined, { Q2C_PORT_OFFSET: '100' }), 100);
    assert.equal(portOffset(undefined, {}), 0);
    assert.throws(() => portOffset('many', {}), /whole number from 0 to 50000, not "many"/);
    assert.throws(() => portOffset('-1', {}), /whole number/);
  });

  it('that somebody else listens on are found before anything is started', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      assert.deepEqual(await busyPorts({ ...portsFor(config, 30_000), gateway: port }, ['gateway']), ['gateway']);
    } finally {
      server.close();
    }
  });
});
