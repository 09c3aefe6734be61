import { Alert, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Outlook, TriedCall, Verdict } from '../../../api/types.ts';
import { ResultBadge } from '../../ui/result.tsx';
import type { Told } from './course.ts';
import { Questions } from './questions.tsx';
import { WaterfallView } from './waterfall-view.tsx';
import { wholeRecord } from './whole.ts';
import { Why } from './why.tsx';

export type Came = { readonly verdict: Verdict } | { readonly tried: TriedCall };

/** What would become of the call now. */
export function Outcome({ came }: { readonly came: Came }) {
  const { t } = useTranslation();
  if ('verdict' in came) {
    const { verdict } = came;
    if (verdict.kind === 'unknown') {
      return (
        <Alert color="yellow" title={t('calls.again.unknown')}>
          <span className="foreign">{verdict.why}</span>
        </Alert>
      );
    }
    if (verdict.kind === 'same') return <Alert color="gray" title={t('calls.again.same')} />;
    return (
      <Stack gap="xs">
        <OutlookLine label={t('calls.again.then')} outlook={verdict.from} />
        <OutlookLine label={t('calls.again.now')} outlook={verdict.to} />
      </Stack>
    );
  }
  const record = wholeRecord(came.tried);
  const { steps, dialStrings } = came.tried;
  return (
    <Stack gap="sm">
      <OutlookLine
        label={t('calls.again.now')}
        outlook={{ ...record, scheme: record.scheme?.name ?? null, steps }}
      />
      {dialStrings.map((text, index) => (
        <Text key={index} size="sm" className="mono foreign">
          {text}
        </Text>
      ))}
      <WaterfallView record={record} />
      <Questions record={record} />
    </Stack>
  );
}

function OutlookLine({ label, outlook }: { readonly label: string; readonly outlook: Outlook }) {
  return (
    <Group gap="xs" align="baseline">
      <Text size="sm" c="dimmed" w={60}>
        {label}
      </Text>
      <ResultBadge result={outlook.result} />
      <Text size="sm" fw={600}>
        <bdi>{outlook.steps.join(', ')}</bdi>
      </Text>
      <Text size="sm" c="dimmed">
        {outlook.scheme}
      </Text>
      <Why reason={outlook.reason} told={toldOf(outlook)} />
    </Group>
  );
}

/** Where the CRM did not send it, the scheme's own steps did. */
function toldOf({ result, reason, steps }: Outlook): Told {
  return { decisions: [{ via: result === 'routed' ? 'primary' : 'fallback', reason, steps }], requests: [] };
}
