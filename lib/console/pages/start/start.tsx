import { Button, Stack } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { isOfReply } from '../calls/readings.ts';
import { CrmStep } from './crm-step.tsx';
import { DialplanStep } from './dialplan-step.tsx';
import { FIRST, indexOf, reaching, STEPS, stepFrom, textAt, type Draft, type StepName } from './draft.ts';
import { FirstCall } from './first-call.tsx';
import { RingsStep } from './rings-step.tsx';
import { Step, type StepBodyProps, type StepProps } from './step.tsx';
import { There } from './there.tsx';
import { TryStep } from './try-step.tsx';
import { useDraft } from './use-draft.ts';

const BODIES: Readonly<Record<StepName, (props: StepBodyProps) => React.ReactNode>> = {
  crm: CrmStep,
  try: TryStep,
  rings: RingsStep,
  dialplan: DialplanStep,
  call: FirstCall,
};

/** From nothing to the first call that is seen. The step stands in the address, what was typed in this tab. */
export function Start() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { step: wanted } = useSearch({ from: '/start' });
  const [draft, change] = useDraft();
  const current = stepFrom(wanted, draft);
  const goTo = (step: StepName): void => {
    void navigate({ to: '/start', search: { step } });
  };
  return (
    <Page
      title={t('start.title')}
      lead={t('start.lead')}
      actions={
        draft.reached === 'crm' ? undefined : (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              change(() => FIRST);
              goTo('crm');
            }}
          >
            {t('start.anew')}
          </Button>
        )
      }
    >
      <Stack gap="xs">
        <There own={draft.etag === null ? null : textAt(draft.document, ['name'])} />
        {STEPS.map((name) => {
          const Body = BODIES[name];
          const next = STEPS[indexOf(name) + 1] ?? name;
          return (
            <Step
              key={name}
              name={name}
              state={stateOf(name, current, draft)}
              summary={summaryOf(name, draft)}
              onOpen={() => {
                goTo(name);
              }}
            >
              <Body
                draft={draft}
                change={change}
                onNext={() => {
                  change((before) => reaching(before, next));
                  goTo(next);
                }}
              />
            </Step>
          );
        })}
      </Stack>
    </Page>
  );
}

function stateOf(name: StepName, current: StepName, { reached }: Draft): StepProps['state'] {
  if (name === current) return 'open';
  if (indexOf(name) < indexOf(reached)) return 'done';
  return name === reached ? 'reached' : 'ahead';
}

/** What the CRM said, as far as it was understood; where it rings comes later. */
function answerOf({ destination, readings, reason }: NonNullable<Draft['tried']>): string {
  return destination || (readings.find(isOfReply)?.result ?? reason);
}

function summaryOf(name: StepName, { document, call, tried }: Draft): string {
  switch (name) {
    case 'crm':
      return `${textAt(document, ['name'])}: ${textAt(document, ['webhook', 'url'])}`;
    case 'try':
      return tried === null ? '' : `${call.caller} → ${answerOf(tried)}`;
    case 'rings':
      return [textAt(document, ['gateway']), textAt(document, ['domain'])]
        .filter((text) => text !== '')
        .join(', ');
    case 'dialplan':
    case 'call':
      return '';
  }
}
