import { Stack } from '@mantine/core';
import { useRef } from 'react';
import type { OneCall } from '../../../api/types.ts';
import { Again } from './again.tsx';
import { Beside } from './beside.tsx';
import { CallHead } from './call-head.tsx';
import { Panel } from './panel.tsx';
import { Questions } from './questions.tsx';
import { SendAgain } from './send-again.tsx';
import { Told } from './told.tsx';
import type { Row } from './waterfall.ts';
import { WaterfallView } from './waterfall-view.tsx';
import { wholeRecord } from './whole.ts';
import { useTranslation } from 'react-i18next';

interface CallViewProps {
  readonly call: OneCall;
  readonly onClose?: (() => void) | undefined;
}

/** One call, explained: why it went where it went, where the time was, what was said. */
export function CallView({ call, onClose }: CallViewProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const record = wholeRecord(call.record);
  const show = ({ kind, index }: Row): void => {
    const target = box.current?.querySelector<HTMLElement>(`[data-row="${kind}-${index}"]`);
    target?.scrollIntoView({ block: 'nearest' });
    target?.focus({ preventScroll: true });
  };
  return (
    <Stack gap="md" ref={box}>
      <CallHead call={call} record={record} onClose={onClose} />
      <Panel title={t('calls.fall.title')}>
        <WaterfallView record={record} onPick={show} />
      </Panel>
      <Questions
        record={record}
        under={(request) => <SendAgain call={call} record={record} request={request} />}
      />
      <Told record={record} />
      <Beside record={record} />
      <Again call={call} record={record} />
    </Stack>
  );
}
