/** As much of modesl 1.2.1, which has no types of its own, as the benchmark's controller uses. */
declare module 'modesl' {
  import type { Server as NetServer } from 'node:net';

  class Event {
    getHeader(name: string): string | undefined;
    getBody(): string | undefined;
  }

  class Connection {
    on(event: string, listener: (event: Event) => void): this;
    once(event: string, listener: (event: Event) => void): this;
    getInfo(): Event;
    send(command: string): void;
    sendRecv(command: string, callback?: (reply: Event) => void): void;
    api(command: string, args: string, callback?: (reply: Event) => void): void;
    execute(app: string, args: string, callback?: (completed: Event) => void): string;
    subscribe(events: readonly string[], callback: () => void): void;
  }

  interface Server {
    on(
      event: 'connection::open' | 'connection::ready' | 'connection::close',
      listener: (connection: Connection) => void,
    ): this;
  }

  const modesl: { readonly Server: new (options: { readonly server: NetServer }) => Server };
  export default modesl;
}
