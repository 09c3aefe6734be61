import { Alert, Button, Group, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { faultOf, restOf } from '../../ui/field.ts';
import { isNextStep } from './draft.ts';
import { tryCall } from './queries.ts';
import { SideBySide } from './side-by-side.tsx';
import type { StepBodyProps } from './step.tsx';

/** A call that is none: the CRM is really asked, and nobody is rung. */
export function TryStep({ draft, change, onNext }: StepBodyProps) {
  const { t } = useTranslation();
  const { document, call, tried } = draft;
  const trying = useMutation({
    mutationFn: () => tryCall({ document, call }),
    onSuccess: (result) => {
      change((before) => ({ ...before, tried: result }));
    },
  });
  const rest = restOf(trying.error, ['/call/did', '/call/caller']);
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          trying.mutate();
        }}
      >
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }} maw={560}>
            <TextInput
              label={t('start.try.caller')}
              placeholder="+380441112233"
              inputMode="tel"
              autoComplete="off"
              autoFocus
              value={call.caller}
              error={faultOf(trying.error, '/call/caller')}
              onChange={({ currentTarget }) => {
                const caller = currentTarget.value;
                change((before) => ({ ...before, call: { ...before.call, caller } }));
              }}
            />
            <TextInput
              label={t('start.try.did')}
              placeholder="15005550100"
              inputMode="tel"
              autoComplete="off"
              required
              value={call.did}
              error={faultOf(trying.error, '/call/did')}
              onChange={({ currentTarget }) => {
                const did = currentTarget.value;
                change((before) => ({ ...before, call: { ...before.call, did } }));
              }}
            />
          </SimpleGrid>
          <Group>
            <Button type="submit" variant={tried === null ? 'filled' : 'default'} loading={trying.isPending}>
              {tried === null ? t('start.try.go') : t('start.try.again')}
            </Button>
          </Group>
        </Stack>
      </form>
      {rest !== undefined && (
        <Alert color="red" role="alert" className="foreign">
          {rest}
        </Alert>
      )}
      {tried !== null && (
        <>
          <SideBySide tried={tried} />
          <Group>
            <Button onClick={onNext}>{t(hasAnswer(tried.reason) ? 'start.next' : 'start.try.anyway')}</Button>
          </Group>
        </>
      )}
    </Stack>
  );

  /** Nobody is an answer too, and where it rings is the next step. */
  function hasAnswer(reason: string): boolean {
    return tried?.result === 'routed' || tried?.result === 'no_route' || isNextStep(reason);
  }
}
