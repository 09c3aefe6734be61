import type { FastifyRequest } from 'fastify';
import { uuidv7 } from '../uuid.ts';
import type { ApiContext } from './context.ts';

/** One line of the audit log: who did what to whom, and from where. `change` holds no secret. */
export async function audit(
  { store, clock }: Pick<ApiContext, 'store' | 'clock'>,
  request: Pick<FastifyRequest, 'ip' | 'principal'>,
  action: string,
  subject: string,
  { change = {}, who, tenant }: { change?: object; who?: string; tenant?: string } = {},
): Promise<void> {
  const at = clock.date();
  await store.audit.add({
    id: uuidv7(at),
    tenant: tenant ?? request.principal?.tenant ?? 'default',
    at: at.toISOString(),
    who: who ?? request.principal?.who ?? 'nobody',
    address: request.ip,
    action,
    subject,
    change: JSON.stringify(change),
  });
}
