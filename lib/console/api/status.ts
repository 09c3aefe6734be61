import { queryOptions } from '@tanstack/react-query';
import type { Status } from '../../api/types.ts';
import { read } from './client.ts';

export const status = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => read<Status>('/status', {}, signal),
});
