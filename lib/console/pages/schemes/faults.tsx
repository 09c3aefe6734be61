import { Alert, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { FieldFault } from '../../api/client.ts';
import { Coded } from '../../ui/coded.tsx';
import { pathOf } from './document.ts';
import { useEditing, useFaultText } from './editing.ts';
import { PlaceLink, Worded } from './place-link.tsx';
import { unsetSecret } from './places.ts';

interface FaultListProps {
  readonly title?: string;
  /** Those that something else shows already. */
  readonly except?: (fault: FieldFault) => boolean;
  /** Before one leads to its field. */
  readonly onGo?: () => void;
}

/** All that is wrong, in one place, each with the way to its field. */
export function FaultList({ title, except = () => false, ...go }: FaultListProps) {
  const { t } = useTranslation();
  const { faults } = useEditing();
  const shown = faults.filter((fault) => !except(fault));
  if (shown.length === 0) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconAlertTriangle />}
      title={title ?? t('schemes.notYet', { count: shown.length })}
      py="xs"
    >
      <List size="sm" spacing={2}>
        {shown.map((fault) => (
          <List.Item key={`${fault.pointer ?? ''} ${fault.detail}`}>
            <FaultLine fault={fault} {...go} />
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** Where it is, and what is wrong there. */
export function FaultLine({ fault, ...go }: { readonly fault: FieldFault } & Pick<FaultListProps, 'onGo'>) {
  const { pointer = '' } = fault;
  return (
    <>
      {pointer !== '' && (
        <>
          <PlaceLink path={pathOf(pointer)} {...go} />
          {': '}
        </>
      )}
      <FaultText fault={fault} {...go} />
    </>
  );
}

function FaultText({ fault, ...go }: { readonly fault: FieldFault } & Pick<FaultListProps, 'onGo'>) {
  const textOf = useFaultText();
  if (unsetSecret(fault) !== null) return <Coded text={textOf(fault)} />;
  return (
    <Text span inherit className="foreign">
      <Worded text={fault.detail} {...go} />
    </Text>
  );
}
