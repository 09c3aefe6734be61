/** Child process: connects so many times to a port, as FreeSWITCHes would, and counts who was spoken to. */
import { connect } from 'node:net';

process.on('message', ({ port, count }: { port: number; count: number }) => {
  let greeted = 0;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1');
    let spoken = false;
    socket.on('data', () => {
      spoken = true;
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (spoken) greeted++;
      else lost++;
      if (greeted + lost === count) process.send?.({ greeted, lost });
    });
  }
});
process.send?.('ready');
