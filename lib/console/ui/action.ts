import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';

interface ActionOptions<Input, Output> {
  readonly act: (input: Input) => Promise<Output>;
  /** What is asked again when it is done. */
  readonly changes: readonly QueryKey[];
  readonly done?: (output: Output, input: Input) => string;
}

/** Something that a button does: what it changes is read again, and what the router refuses is told. */
export function useAction<Input, Output = unknown>({ act, changes, done }: ActionOptions<Input, Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async (output: Output, input: Input) => {
      for (const queryKey of changes) await queries.invalidateQueries({ queryKey });
      if (done !== undefined) notifications.show({ message: done(output, input), color: 'teal' });
    },
    onError: (error: Error) => {
      notifications.show({ message: error.message, color: 'red', autoClose: 10_000 });
    },
  });
}
