import { Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { FailureOf } from '../../ui/failure.tsx';
import { Outcome, type Came } from './outcome.tsx';

interface AnswerProps {
  readonly asked: {
    readonly isPending: boolean;
    readonly error: Error | null;
    readonly data?: Came | undefined;
  };
}

/** What came of asking once more. It is brought into sight: the button may be the last thing on the screen. */
export function Answer({ asked: { isPending, error, data } }: AnswerProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (data !== undefined || error !== null) box.current?.scrollIntoView({ block: 'nearest' });
  }, [data, error]);
  return (
    <div role="status" ref={box}>
      {isPending && <Text size="sm">{t('calls.again.running')}</Text>}
      {error !== null && <FailureOf error={error} />}
      {data !== undefined && <Outcome came={data} />}
    </div>
  );
}
