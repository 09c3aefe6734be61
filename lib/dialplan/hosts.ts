/** Ports of this machine on which calls are not served, and what listens there instead. */
export type OtherPorts = ReadonlyMap<number, string>;

/** Of those that are open. */
export function otherPorts(listening: Readonly<Record<string, number | null | undefined>>): OtherPorts {
  const entries = Object.entries(listening);
  return new Map(entries.flatMap(([what, port]) => (port == null ? [] : [[port, what]])));
}

const HERE = new Set(['127.0.0.1', 'localhost', '::1']);

/**
 * What is wrong with the hosts of `socket`, as in "127.0.0.1:8084/sales|127.0.0.1:8184 async full": FreeSWITCH connects to whatever
 * listens there and waits for its first word, so a caller whom it hands to an HTTP server hears nothing until the guard fires.
 */
export function strayHosts(socketData: string, others: OtherPorts): string[] {
  const [hosts = ''] = socketData.trim().split(/\s+/);
  return hosts.split('|').flatMap((address) => {
    const [, host = '', port = ''] = /^(.*):(\d+)(?:\/.*)?$/.exec(address) ?? [];
    const what = HERE.has(host) ? others.get(Number(port)) : undefined;
    if (what === undefined) return [];
    return [
      `socket names ${host}:${port}, which is ${what} of this router: FreeSWITCH goes there when the router's port is closed, and the caller hears nothing until the guard fires`,
    ];
  });
}
