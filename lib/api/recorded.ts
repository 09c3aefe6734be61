import type { StoredCall } from '../store/calls.ts';
import type { ApiContext } from './context.ts';
import type { Principal } from './guard/role.ts';
import { ApiProblem } from './problem.ts';

/** A recorded call of one's own tenant, by its trace or by the uuid of its A leg: the newest, when it came more than once. */
export async function recordedCall(
  { store: { calls } }: Pick<ApiContext, 'store'>,
  { tenant }: Pick<Principal, 'tenant'>,
  id: string,
): Promise<StoredCall> {
  const found = await calls.find(id);
  if (found?.tenant === tenant) return found;
  const [leg] = (await calls.page({ tenant, uuid: id }, { limit: 1 })).calls;
  const byLeg = leg === undefined ? null : await calls.find(leg.id);
  if (byLeg?.tenant !== tenant) throw new ApiProblem(404, 'there is no such call');
  return byLeg;
}
