import { lostReason, type Patience } from './judge.ts';
import type { Leg } from './leg.ts';
import type { Session } from './session.ts';
import type { Task } from './tasks.ts';
import type { CallReport, TaskReport } from './types.ts';

/** What is told of a call that is over. */
export function reportOf(
  leg: Leg,
  sessions: readonly Session[],
  acceptedMs: number | null,
  patience: Patience,
): CallReport {
  const { book } = leg;
  const end = book.end ?? { kind: 'silence' };
  const movedMs = book.moves.map(({ atMs }) => atMs);
  // Whoever was moved had his fate settled then, however long he talked there.
  const settledMs = (end.kind === 'moved' ? movedMs[0] : undefined) ?? book.settledMs ?? book.now();
  const { connectReplyMs, stepsMs } = book;
  const decisionsMs = [...book.decisionsMs, ...movedMs].sort((a, b) => a - b);
  const facts = { end, acceptedMs, connectReplyMs, decisionsMs, stepsMs, settledMs };
  const first = book.decisionsMs[0];
  const firstDecisionMs =
    first === undefined || connectReplyMs === null ? null : Math.max(0, first - connectReplyMs);
  return {
    uuid: leg.uuid,
    script: leg.script,
    end,
    lost: lostReason(facts, patience),
    violations: book.violations,
    commands: book.commands,
    legs: book.dialled,
    bridges: book.bridges,
    moves: book.moves,
    tasks: leg.exchange.tasks.of(leg.uuid).map(taskReport),
    sessions: sessions.length,
    variables: leg.variables(),
    timings: { acceptedMs, connectReplyMs, firstDecisionMs, settledMs, endMs: book.now() },
    closedByRouter: sessions.some((session) => session.closedByRouter),
    lingered: sessions.some((session) => session.lingers),
  };
}

function taskReport({ id, description, owner, guard, outcome, deletedBy }: Task): TaskReport {
  const standing = outcome === 'due' ? 'remained' : outcome;
  return { id, description, owner: owner.kind, guard, outcome: standing, deletedBy };
}
