/** modesl as its examples use it: the CRM's word goes into the dial string, and nobody looks at it. */
import { createServer } from 'node:net';
import axios from 'axios';
import modesl from 'modesl';

const server = createServer();

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const esl = new modesl.Server({ server });
  esl.on('connection::ready', (connection) => {
    const uuid = connection.getInfo().getHeader('Unique-ID') ?? '';
    connection.sendRecv('linger 5');
    connection.once(`esl::event::CHANNEL_HANGUP_COMPLETE::${uuid}`, () => {
      connection.send('exit');
    });
    void axios.post<{ destination: string }>(process.env['CRM_URL'] ?? '', {}).then(({ data }) => {
      connection.execute('bridge', `user/${data.destination}@pbx.example`);
    });
  });
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
