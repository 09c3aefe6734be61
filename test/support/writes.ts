/** A process that writes records until it is killed: how many it has been told are written goes to standard output. */
import { callRecord, openStore } from './stored.ts';

const [url = '', password = ''] = process.argv.slice(2);
const store = await openStore({ url, password });
for (let n = 0; ; n++) {
  for (let i = 0; i < 20; i++) store.record(callRecord({ callerName: `w${n}` }));
  await store.flush();
  process.stdout.write(`${store.state.written}\n`);
}
