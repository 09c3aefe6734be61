import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createHttpClient } from '../http/client.ts';
import { OwnWrites, readKept } from '../schemes/kept.ts';
import { Tokens, type TokenEvent } from '../upstream/tokens.ts';
import { Upstream } from '../upstream/upstream.ts';
import type { InquiryOptions } from './decide.ts';
import { withoutSecretsOf } from './token.ts';

/** Where the questions of dry runs go, and their access tokens come from: connections, breakers and bulkheads of their own. */
export interface Line {
  readonly line: Pick<InquiryOptions, 'send'> & { readonly tokens?: Tokens };
  readonly close: () => Promise<void>;
}

export interface LineOptions {
  readonly config: Pick<Config, 'network' | 'listen' | 'health'>;
  /** Of the router itself, beside those of the configuration: they are never asked. */
  readonly ownPorts?: Iterable<number>;
  /** Those of a router, as a refresh token is good once; without them the line has its own. */
  readonly tokens?: Tokens;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** What is to be said of access tokens that the line asks for. */
  readonly note: (text: string) => void;
  /** Access tokens that nothing that is said may hold. */
  readonly onTokens: (texts: readonly string[]) => void;
}

export function openLine(options: LineOptions): Line {
  const { config, ownPorts = [], clock, random, note, onTokens } = options;
  const { network, listen, health } = config;
  const http = createHttpClient({
    network,
    ownPorts: new Set([listen.port, Number(health.port), ...ownPorts]),
  });
  const upstream = new Upstream({ send: http.send.bind(http), clock, random });
  const send = upstream.send.bind(upstream);
  if (options.tokens !== undefined) {
    return {
      line: { send, tokens: options.tokens },
      close: () => {
        http.close();
        return Promise.resolve();
      },
    };
  }
  const tokens = new Tokens({
    send: async (request, sending) => {
      const { method, shown } = request;
      const way = shown.proxy === null ? '' : ` through the proxy ${shown.proxy}`;
      const asked = `${method} ${shown.url} ${shown.body ?? ''}${way}`;
      const response = await http.send(request, sending).catch((error: unknown) => {
        note(`access token: ${asked}`);
        throw error;
      });
      const ms = Math.round(response.phases.total);
      note(`access token: ${asked} -> HTTP ${response.status} in ${ms} ms`);
      return response;
    },
    clock,
    random,
    files: { read: readKept, write: new OwnWrites().write },
    redact: withoutSecretsOf,
    onTokens,
    onEvent: (event) => {
      noteOnToken(event, note);
    },
  });
  return {
    line: { send, tokens },
    close: async () => {
      await tokens.close();
      http.close();
    },
  };
}

function noteOnToken(event: TokenEvent, note: LineOptions['note']): void {
  // A failure is the reason of the call.
  if (event.kind !== 'unsaved') return;
  note(`${event.tokenUrl} has replaced the refresh token, and the new one is lost: ${event.detail}`);
}
