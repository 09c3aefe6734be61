import { Alert, Button, Code, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriedCall } from '../../../api/types.ts';
import { durationText } from '../../ui/when.tsx';
import { isOfReply } from '../calls/readings.ts';
import { Verdict } from '../schemes/verdict.tsx';
import { isNextStep } from './draft.ts';

/** What was asked, what came back, and how it was read. */
export function SideBySide({ tried }: { readonly tried: TriedCall }) {
  const { t } = useTranslation();
  const { requests, readings, notes, result, reason, decisions } = tried;
  const request = requests.at(-1);
  const detail = [request?.detail, decisions.at(-1)?.detail].find((text) => text !== null && text !== '');
  return (
    <Stack gap="sm">
      {isNextStep(reason) ? (
        <Alert color="petrol" role="status" title={t('start.try.understood')}>
          {t('start.try.nextStep')}
        </Alert>
      ) : (
        <Verdict tried={tried}>
          {result === 'no_route' && <Text size="sm">{t('start.try.nobody')}</Text>}
        </Verdict>
      )}
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing="sm">
        <Column title={t('start.try.request')}>
          {request === undefined ? (
            <Text size="sm">{t('start.try.notAsked')}</Text>
          ) : (
            <>
              <Foreign text={`${request.method} ${request.url}`} />
              <Foreign
                text={Object.entries(request.headers)
                  .map(([name, value]) => `${name}: ${value}`)
                  .join('\n')}
              />
              {request.body !== null && <Foreign text={pretty(request.body)} />}
            </>
          )}
        </Column>
        <Column title={t('start.try.reply')}>
          {request?.reply == null ? (
            <Text size="sm">{t('start.try.noReply')}</Text>
          ) : (
            <>
              <Text size="sm" className="mono">
                HTTP {request.reply.status}
                {request.phases === null ? '' : `, ${durationText(request.phases.total)}`}
              </Text>
              <Foreign
                text={request.reply.body === '' ? t('start.try.emptyBody') : pretty(request.reply.body)}
              />
            </>
          )}
        </Column>
        <Column title={t('start.try.reading')}>
          {readings.filter(isOfReply).map(({ path, text, result: read }) => (
            <Text key={`${path} ${text} ${read}`} size="sm" className="foreign" lang="en">
              {path === '' ? '' : `${path} `}
              <Code>{text.slice(0, 200)}</Code> {read}
            </Text>
          ))}
          {result !== 'routed' && !isNextStep(reason) && (
            <Text size="sm" className="foreign" lang="en">
              <span className="mono">{reason}</span>
              {detail === undefined ? '' : `: ${detail}`}
            </Text>
          )}
          {(isNextStep(reason) ? [] : notes).map((note) => (
            <Text key={note} size="xs" c="dimmed" className="foreign" lang="en">
              {note}
            </Text>
          ))}
        </Column>
      </SimpleGrid>
    </Stack>
  );
}

function Column({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="sm" miw={0}>
      <Stack gap="xs">
        <Title order={3} fz="sm">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}

const SHORT = 600;

/** Text of a CRM, cut until all of it is asked for. */
function Foreign({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && text.length > SHORT;
  return (
    <div>
      <Code block className="foreign" mah={360} style={{ overflow: 'auto' }} tabIndex={0}>
        {isCut ? `${text.slice(0, SHORT)}…` : text}
      </Code>
      {isCut && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            setWhole(true);
          }}
        >
          {t('start.try.whole', { count: text.length })}
        </Button>
      )}
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
