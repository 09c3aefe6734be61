/**
 * The daemon's job on `modesl` and axios, as an engineer would write it who knows both: TCP_NODELAY, a full backlog, a
 * keep-alive agent, no redirects, and without modesl's subscription to the events of every call on the switch.
 */
import http from 'node:http';
import { createServer } from 'node:net';
import axios from 'axios';
import modesl from 'modesl';
import {
  assignments,
  destinationIn,
  dialString,
  FIELDS,
  guardIdIn,
  guardPushedBack,
  questionAbout,
  requestHeaders,
} from './job.ts';
import type { Caller } from './job.ts';

const crmUrl = process.env['CRM_URL'] ?? '';
const crm = axios.create({
  httpAgent: new http.Agent({ keepAlive: true }),
  timeout: 1000 * Number(process.env['CRM_TIMEOUT'] ?? '30'),
  maxRedirects: 0,
  proxy: false,
  responseType: 'text',
  transformResponse: (text: string) => text,
});

const server = createServer({ noDelay: true });

function serve(): void {
  const esl = new modesl.Server({ server });
  esl.on('connection::open', (connection) => {
    connection.on('error', () => undefined);
    // At 100 calls/s every socket would hear 200 events a second that are none of its own.
    connection.subscribe = (_events, ready) => {
      ready();
    };
  });
  esl.on('connection::ready', (connection) => {
    const info = connection.getInfo();
    const caller = Object.fromEntries(
      Object.entries(FIELDS).map(([key, name]) => [key, info.getHeader(name) ?? '']),
    ) as unknown as Caller;
    const { uuid } = caller;
    let guardId = '';
    const hungUp = new AbortController();
    connection.once(`esl::event::CHANNEL_HANGUP::${uuid}`, () => {
      hungUp.abort();
    });
    connection.once(`esl::event::CHANNEL_BRIDGE::${uuid}`, () => {
      connection.api('sched_del', guardId);
    });
    connection.once(`esl::event::CHANNEL_HANGUP_COMPLETE::${uuid}`, () => {
      connection.send('exit');
    });
    connection.sendRecv('linger 10');
    connection.sendRecv('myevents plain');
    const body = questionAbout(caller);
    crm.post<string>(crmUrl, body, { headers: requestHeaders(body), signal: hungUp.signal }).then(
      ({ data }) => {
        const destination = destinationIn(data);
        if (destination === null || hungUp.signal.aborted) return;
        connection.api('sched_api', guardPushedBack(caller), (reply) => {
          guardId = guardIdIn(reply.getBody() ?? '');
          connection.api('sched_del', caller.guardId);
          connection.api('uuid_setvar_multi', assignments(uuid, destination, guardId));
          connection.api('uuid_ring_ready', uuid);
          connection.execute('bridge', dialString(caller, destination, guardId));
        });
        connection.sendRecv('getvar transfer_source');
      },
      () => undefined,
    );
  });
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, serve);
