/** What some commands can do: the words of the command line, without the code that does it. */

export { ROLES } from '../api/guard/role.ts';

export const EVENTS_ACTIONS = ['failed', 'retry'] as const;
export type EventsAction = (typeof EVENTS_ACTIONS)[number];

export const STORE_ACTIONS = ['status', 'backup', 'erase'] as const;
export type StoreAction = (typeof STORE_ACTIONS)[number];

export const USER_ACTIONS = ['add', 'list', 'password', 'disable', 'enable'] as const;
export type UserAction = (typeof USER_ACTIONS)[number];
