import { parseArgs } from 'node:util';
import { rollingUpgrade } from '../test/support/rolling.ts';

/** `npm run bench:upgrade -- --calls 900 --rate 50 --runs 3`: what a rolling upgrade costs callers. */

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '900' },
    rate: { type: 'string', default: '50' },
    runs: { type: 'string', default: '3' },
  },
});
let failed = false;
for (let run = 1; run <= Number(values.runs); run++) {
  const { calls, ends, lost, violations, restartMs, unanswered } = await rollingUpgrade({
    calls: Number(values.calls),
    callsPerSecond: Number(values.rate),
    seed: run,
  });
  const told = Object.entries(ends).map(([end, count]) => `${end} ${count}`);
  const restarts = restartMs.map((ms) => `${ms} ms`).join(' and ');
  console.log(
    `run ${run}: ${calls} calls, lost ${lost}, ${told.join(', ')}, violations ${violations}; restarts took ${restarts}`,
  );
  for (const line of unanswered.slice(0, 10)) console.log(`  ${line}`);
  failed ||= lost > 0 || unanswered.length > 0;
}
process.exitCode = failed ? 1 : 0;
