import { Button, Group, Menu, type ButtonProps } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ComponentProps, ReactNode } from 'react';

/** What adds to a list of the form: of which list it is says its name, what it adds is what is seen. */

interface AddProps extends ButtonProps, Pick<ComponentProps<'button'>, 'onClick'> {
  /** The list. */
  readonly to: string;
  readonly what: string;
}

export function AddButton(props: AddProps) {
  return (
    <Group>
      <Plus {...props} />
    </Group>
  );
}

/** One of several kinds. */
interface AddMenuProps extends AddProps {
  /** Whether what is added takes the focus; else it returns to the button. */
  readonly movesFocus?: boolean;
  readonly children: ReactNode;
}

export function AddMenu({ to, what, movesFocus = false, children }: AddMenuProps) {
  return (
    <Group>
      <Menu
        position="bottom-start"
        withinPortal
        shadow="md"
        withInitialFocusPlaceholder={false}
        returnFocus={!movesFocus}
      >
        <Menu.Target>
          <Plus to={to} what={what} />
        </Menu.Target>
        <Menu.Dropdown>{children}</Menu.Dropdown>
      </Menu>
    </Group>
  );
}

function Plus({ to, what, ...rest }: AddProps) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      leftSection={<IconPlus size={14} />}
      aria-label={`${to}: ${what}`}
      {...rest}
    >
      {what}
    </Button>
  );
}
