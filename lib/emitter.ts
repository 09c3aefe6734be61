import type { EventEmitter } from 'node:events';

/**
 * The rule for whatever emits events for longer than a moment: servers, sockets, streams, watchers, children. An `error` that
 * nobody listens to is thrown by Node, and ends the process with all its calls.
 */
export function guarded<E extends EventEmitter>(emitter: E, onError: (error: Error) => void = ignore): E {
  emitter.on('error', onError);
  return emitter;
}

function ignore(): void {
  // What is to be done is done when it closes.
}
