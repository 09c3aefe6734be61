import { queryOptions } from '@tanstack/react-query';
import type { Me, Role } from '../../api/types.ts';
import { Problem, read, send, keepCsrfToken } from './client.ts';

/** Who looks at the page. Null: nobody who is logged in. */
export const session = queryOptions({
  queryKey: ['session'],
  staleTime: Infinity,
  queryFn: async (): Promise<Me | null> => {
    try {
      return entered(await read<Me>('/session'));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
});

export async function logIn(name: string, password: string): Promise<Me> {
  return entered((await send<Me>('/session', { method: 'POST', body: { name, password } })).value);
}

export async function logOut(): Promise<void> {
  await send('/session', { method: 'DELETE' });
  keepCsrfToken(null);
}

function entered(me: Me): Me {
  keepCsrfToken(me.csrfToken);
  return me;
}

const ORDER: readonly Role[] = ['viewer', 'operator', 'editor', 'admin'];

/** Each role may what those before it may. The router decides; the page hides what it would refuse. */
export function may(me: Me | null | undefined, least: Role): boolean {
  return me !== null && me !== undefined && ORDER.indexOf(me.role) >= ORDER.indexOf(least);
}
