/**
 * The callers who talk while the router is told to stop, in a process of their own: all of them lose their socket at
 * once, which would make a generator late that has others to place.
 */
import { runLoad } from '../../lib/simulator/index.ts';
import { answeredBy, call, WANTED } from './stage.ts';

export interface TalkersOrder {
  readonly port: number;
  readonly path: string;
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly talkMs: number;
  readonly budgetMs: number;
  readonly seed: number;
}

/** Sent when the last of them has hung up; `bridged` comes before it, when all of them talk. */
export interface TalkersReport {
  readonly lost: number;
  readonly violations: number;
  /** Not answered, or hung up by anybody but the caller. */
  readonly torn: number;
  readonly examples: readonly string[];
}

async function play({ port, path, calls, talkMs, ...load }: TalkersOrder): Promise<void> {
  let answered = 0;
  let told = false;
  const tell = (): void => {
    if (!told) process.send?.('bridged');
    told = true;
  };
  const torn: string[] = [];
  const report = await runLoad({
    ...load,
    routers: [{ host: '127.0.0.1', port }],
    lean: true,
    calls,
    script: () =>
      call(path, {
        callee: () => {
          if (++answered === calls) tell();
          return { kind: 'answer', afterMs: 0, talkMs, hangup: 'caller' };
        },
      }),
    onReport: (one) => {
      const { uuid, end } = one;
      const wrong =
        answeredBy(WANTED)(one) ??
        (end.kind === 'answered' && end.hangupBy !== 'caller' ? `torn down by the ${end.hangupBy}` : null);
      if (wrong !== null) torn.push(`${uuid}: ${wrong}`);
    },
  });
  tell();
  const examples = [...torn, ...report.lostExamples, ...report.violationExamples].slice(0, 5);
  const { lost, violations } = report;
  process.send?.({ lost, violations, torn: torn.length, examples } satisfies TalkersReport);
}

process.on('message', (order: TalkersOrder) => {
  void play(order);
});
process.send?.('ready');
