import type { HeaderLookup } from '../call/channel.ts';
import { RouterError } from '../errors.ts';
import type { Command } from '../esl/command.ts';
import type { Connection, Reply } from '../esl/connection.ts';

export interface Greeting {
  /** The reply to `connect`, or its beginning if it is larger than allowed. */
  readonly headers: HeaderLookup;
  /** Resolves when the leg's events are on their way; rejects where FreeSWITCH does not give them, or the reply was cut. */
  readonly subscribed: Promise<void>;
}

/**
 * `connect`, and the commands that subscribe to the leg's events up to the very last one. FreeSWITCH parks the caller in
 * silence when its first command is not `connect`, or when none comes.
 * @param lingerSeconds null: nothing but `connect`, for a call that is given back at once
 */
export async function greet(connection: Connection, lingerSeconds: number | null): Promise<Greeting> {
  const commands: Command[] = [{ kind: 'connect' }];
  if (lingerSeconds !== null) commands.push({ kind: 'linger', seconds: lingerSeconds }, { kind: 'myevents' });
  const [connect, ...others] = connection.send(commands) as [Promise<Reply>, ...Promise<Reply>[]];
  const subscribed = subscription(Promise.all(others));
  subscribed.catch(() => undefined);
  try {
    const { message } = await connect;
    return { headers: message.headers, subscribed };
  } catch (error) {
    if (connection.cutReply === null) throw error;
    return { headers: connection.cutReply, subscribed: connect.then(() => undefined) };
  }
}

async function subscription(replies: Promise<readonly Reply[]>): Promise<void> {
  const refused = (await replies).find(({ ok }) => !ok);
  // Without "full" there is no `linger`.
  if (refused !== undefined) throw new RouterError('socket_application', refused.text);
}
